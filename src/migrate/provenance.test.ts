import { beforeEach, describe, expect, test } from "bun:test";
import { digestOf } from "../oci/digest.ts";
import { codeOf, failureOf } from "../testing/errors.ts";
import { memoryMigration } from "../testing/memoryMigration.ts";
import { archiveOf, provenanceOf, rowOf, stepOf } from "../testing/migrate.ts";
import type { IndexRow } from "./indexRow.ts";
import type { Learned } from "./journal.ts";
import { foresee, type Migration } from "./migrate.ts";
import type { Step } from "./plan.ts";
import { verifyStep } from "./verify.ts";

const [archive, other] = [await archiveOf("mychart", "1.0.0"), await archiveOf("mychart", "2.0.0")];
const row = (more: Partial<IndexRow> = {}) =>
  rowOf("mychart", "1.0.0", { digest: digestOf(archive), created: "2026-06-15T15:50:31Z", ...more });
const utf8 = (text: string) => new TextEncoder().encode(text);
const url = "mychart-1.0.0.tgz";
const { files, fetched, migration, run, held, clear } = memoryMigration();
beforeEach(clear);

describe("a provenance file", () => {
  const step = stepOf(row());
  beforeEach(() => void files.set(url, archive));

  test("of another archive is kept, and said", async () => {
    files.set(`${url}.prov`, utf8(provenanceOf(digestOf(other))));
    expect(await run(step)).toMatchObject({ notes: ["its provenance file is of another archive"] });
    expect((await held())?.provenance).toBeDefined();
  });

  test("that is a page is none", async () => {
    files.set(`${url}.prov`, utf8("<html>"));
    expect(await run(step)).toMatchObject({ status: "moved", notes: [] });
    expect((await held())?.provenance).toBeUndefined();
    expect(await verifyStep(migration(), step)).toMatchObject({ status: "verified" });
  });

  test("that came later, or changed, is missed by verify", async () => {
    await run(step);
    files.set(`${url}.prov`, utf8(provenanceOf(digestOf(archive))));
    expect(await failureOf(verifyStep(migration(), step))).toMatchObject({
      message: "mychart:1.0.0 differs: its provenance is missing",
      hint: expect.stringContaining("--late-provenance"),
    });
  });

  test("that came later is brought where that is asked for, by the policy of conflicts, and once", async () => {
    await run(step);
    files.set(`${url}.prov`, utf8(provenanceOf(digestOf(archive))));
    expect(await run(step)).toMatchObject({ status: "exists" });
    const late = { lateProvenance: true };
    const asked = async (more: Partial<Migration>, of = step) => await run(of, { ...late, ...more });
    expect(await codeOf(asked({}))).toBe("conflict");
    // Another date alone moves nothing; a signature is not lost to it.
    expect(await codeOf(asked({}, stepOf(row({ created: "2026-07-01T00:00:00Z" }))))).toBe("conflict");
    expect(await foresee(migration(late), step)).toMatchObject({ status: "conflict" });
    expect(await asked({ onConflict: "skip" })).toMatchObject({
      status: "skipped",
      notes: ["its tag holds the same archive in another manifest"],
    });
    const before = await held();
    expect(before?.provenance).toBeUndefined();
    expect(await asked({ onConflict: "overwrite" })).toMatchObject({
      status: "moved",
      notes: [`it replaces ${before?.manifest}`],
    });
    expect((await held())?.provenance).toBeDefined();
    expect(await verifyStep(migration(), step)).toMatchObject({ status: "verified" });
    fetched.length = 0;
    expect(await asked({ onConflict: "overwrite" })).toMatchObject({ status: "exists" });
    expect(fetched).toEqual([]);
  });

  test("that stands at another of its archive's places alone is brought, at once or late", async () => {
    const twice = stepOf(row({ urls: [url, "second"] }));
    await run(twice);
    files.set("second.prov", utf8(provenanceOf(digestOf(archive))));
    const late = { lateProvenance: true, onConflict: "overwrite" } as const;
    expect(await run(twice, late)).toMatchObject({ status: "moved" });
    expect(await verifyStep(migration(), twice)).toMatchObject({ status: "verified" });
    clear();
    files.set(url, archive).set("second.prov", utf8(provenanceOf(digestOf(archive))));
    // Before one beside it that is of another archive.
    files.set(`${url}.prov`, utf8(provenanceOf(digestOf(other))));
    expect(await run(twice)).toMatchObject({ status: "moved", notes: [] });
    expect((await held())?.provenance?.digest).toBe(digestOf(files.get("second.prov")!));
    expect(await verifyStep(migration(), twice)).toMatchObject({ status: "verified" });
  });

  test("that cannot be asked for fails its chart, but not where another place answers", async () => {
    files.set("dead", archive);
    expect(await codeOf(run(stepOf(row({ urls: ["dead", url] }))))).toBe("remote");
    files.delete("dead");
    const twice = stepOf(row({ urls: ["dead", url] }));
    expect(await run(twice)).toMatchObject({ status: "moved" });
    expect(await run(twice, { lateProvenance: true })).toMatchObject({ status: "exists" });
    expect(await verifyStep(migration(), twice)).toMatchObject({ status: "verified" });
    expect(await codeOf(verifyStep(migration(), stepOf(row({ urls: ["dead"] }))))).toBe("remote");
  });

  test("of another archive is not brought late: it is no signature of what is there", async () => {
    await run(step);
    files.set(`${url}.prov`, utf8(provenanceOf(digestOf(other))));
    fetched.length = 0;
    expect(await run(step, { lateProvenance: true })).toMatchObject({ status: "exists" });
    expect(fetched).toEqual([]);
    expect(await verifyStep(migration(), step)).toMatchObject({
      status: "verified",
      notes: ["its provenance file is of another archive, and was left"],
    });
  });
});

describe("a chart whose dependencies are rewritten", () => {
  const depends = 'dependencies:\n- {name: a, version: 1.0.0, repository: "https://old.example.com"}\n';
  const renaming = (dependency: { repository: string }) =>
    dependency.repository === "https://old.example.com" ? "oci://new.example.com" : undefined;
  let step: Step;
  let parent: Uint8Array;
  beforeEach(async () => {
    parent = await archiveOf("mychart", "1.0.0", depends);
    files.set(url, parent).set(`${url}.prov`, utf8(provenanceOf(digestOf(parent))));
    step = stepOf(row({ digest: digestOf(parent) }));
  });

  test("is there for who asks for late signatures, since the one at its source is of the old archive", async () => {
    const { manifest } = await run(step, { renaming });
    fetched.length = 0;
    const find = (): Learned => ({ tag: step.tag, manifest: manifest! });
    const late = { renaming, lateProvenance: true, learnings: { find } };
    for (const onConflict of ["fail", "skip", "overwrite"] as const)
      expect(await run(step, { ...late, onConflict })).toMatchObject({ status: "exists" });
    expect(fetched).toEqual([]);
  });

  test("is there for who skips conflicts, too, when no journal knows of it", async () => {
    await run(step, { renaming });
    expect(await run(step, { renaming, onConflict: "skip" })).toMatchObject({ status: "exists" });
  });

  test("is skipped as what it is where its tag holds the archive that it was", async () => {
    await run(step);
    expect(await run(step, { renaming, onConflict: "skip" })).toMatchObject({
      status: "skipped",
      notes: ["its tag holds something else"],
    });
  });
});
