import { type ChartParts, tryChartManifest } from "../../chart/manifest.ts";
import type { Outcome } from "../../migrate/outcome.ts";
import type { Step } from "../../migrate/plan.ts";
import { ChartroomError } from "../../oci/errors.ts";
import { blobsOf, parseManifest } from "../../oci/manifest.ts";
import type { Tag } from "../../oci/reference.ts";
import type { StoredManifest } from "../../oci/repository.ts";
import { isAboutCharts } from "../aboutCharts.ts";
import { namedManifest } from "../named.ts";
import type { OpenPlace } from "../openPlace.ts";
import { formatOne } from "../place.ts";
import { type Transfers, transfer } from "../transfer.ts";
import type { StoredCharts } from "./stored.ts";
import type { How, Works } from "./works.ts";

/** Both ends of a migration between places, and what the target's repositories begin with, host included. */
export interface StoredEnds {
  readonly charts: StoredCharts;
  readonly source: OpenPlace;
  readonly target: OpenPlace;
  readonly prefix: string;
}

/**
 * Of charts that are in a registry or a layout already: their manifests go over as they are, with what refers to them. So a
 * digest, and whoever signed it, stays right.
 */
export function storedWorks({ charts, source, target, prefix }: StoredEnds, how: How): Works {
  const transfers: Transfers = {
    ...{ source, target, referrers: true, force: how.onConflict === "overwrite", dryRun: false },
    ...{ progress: { clear() {}, close() {} }, signal: how.signal, turns: new Map() },
  };
  const bring = async (step: Step, dryRun: boolean): Promise<Outcome> => {
    const { tag } = step;
    let parts: ChartParts | undefined;
    const admits = (root: StoredManifest) => {
      parts = partsOf(root, tag);
    };
    const job = { source: charts.named(step.row), target: { repository: prefix + step.repository, tag } };
    try {
      const done = await transfer({ ...transfers, dryRun, admits }, job);
      const status = ({ copied: "moved", "dry-run": "planned", exists: "exists" } as const)[done.status];
      return { step, tag, status, ...told(parts, done.manifest), replaced: done.replaced, notes: [] };
    } catch (error) {
      if (error instanceof NoChart || (isConflict(error) && how.onConflict === "skip"))
        return { step, tag, status: "skipped", notes: [error.message] };
      if (!isConflict(error)) throw error;
      const { message } = error;
      if (dryRun) return { step, tag, status: "conflict", notes: [message] };
      throw new ChartroomError("conflict", message, {
        hint: "--on-conflict skip leaves such charts alone, --on-conflict overwrite replaces them.",
      });
    }
  };

  return {
    run: (step) => bring(step, false),
    plan: (step) => bring(step, true),
    async verify(step) {
      const { tag, repository } = step;
      const named = charts.named(step.row);
      const root = await namedManifest(source.reads(named.repository), named, () =>
        source.notFound(formatOne(named)),
      );
      let parts: ChartParts | undefined;
      try {
        parts = partsOf(root, tag);
      } catch (error) {
        if (error instanceof NoChart) return { step, tag, status: "skipped", notes: [error.message] };
        throw error;
      }
      const held = await target.reads(prefix + repository).resolve(tag);
      if (held === undefined) throw new ChartroomError("not_found", `Missing: ${repository}:${tag}`);
      const { digest } = root.descriptor;
      const differs = (why: string) =>
        new ChartroomError("not_verified", `${repository}:${tag} differs: ${why}`);
      if (held.digest !== digest) throw differs(`it is ${held.digest}, and in the source ${digest}`);
      await target.writing(async (writer) => {
        const there = writer.repository(prefix + repository);
        for (const blob of blobsOf(parseManifest(root.bytes, root.descriptor.mediaType)))
          if (!(await there.has(blob))) throw differs(`its blob ${blob.digest} is not there, or broken`);
      });
      return { step, tag, status: "verified", ...told(parts, root.descriptor), notes: [] };
    },
  };
}

/** What a tag holds is no chart, and is to be left alone. */
class NoChart extends Error {}

/** @throws NoChart; ChartroomError `invalid` for a manifest that is broken */
function partsOf({ bytes, descriptor }: StoredManifest, tag: Tag): ChartParts | undefined {
  const parts = tryChartManifest(parseManifest(bytes, descriptor.mediaType));
  if (parts === undefined && !isAboutCharts(tag)) throw new NoChart("it is no chart");
  return parts;
}

const told = (parts: ChartParts | undefined, manifest: StoredManifest["descriptor"]) => ({
  ...{ archive: parts?.content.digest, size: parts?.content.size, manifest: manifest.digest },
});

const isConflict = (error: unknown): error is ChartroomError =>
  error instanceof ChartroomError && error.code === "conflict";
