import { resolve } from "node:path";
import { Directory } from "../../migrate/directory.ts";
import type { MigrationTarget } from "../../migrate/migrate.ts";
import { basic, Site } from "../../migrate/site.ts";
import type { ChartSource } from "../../migrate/source.ts";
import { parseSite } from "../../migrate/urls.ts";
import { ChartroomError } from "../../oci/errors.ts";
import type { RemoteOptions } from "../../remote/open.ts";
import { connectionOf } from "../connection.ts";
import type { Context } from "../context.ts";
import { openPlace } from "../openPlace.ts";
import { isBelow, parsePlace } from "../place.ts";
import { passwordFromInput } from "../registry/secret.ts";
import { type MigrateOptions, rewritingOf } from "./options.ts";

/** Both ends of a migration. */
export interface Ends {
  readonly source: ChartSource;
  readonly target: MigrationTarget;
  /** What the target's repositories begin with, host included. */
  readonly prefix: string;
}

/** @throws ChartroomError `usage` for what is no source or no target */
export async function openEnds(
  source: string,
  target: string,
  options: MigrateOptions,
  context: Context,
): Promise<Ends> {
  const place = parsePlace(target.endsWith("/") ? target : `${target}/`);
  if (!isBelow(place.what) || place.what.prefix === "")
    throw new ChartroomError("usage", `Cannot migrate to "${target}": the registry's name is missing`, {
      hint: "For example oci://localhost:5000/charts, or store:localhost:5000/charts.",
    });
  const { prefix } = place.what;
  const connection = await connectionOf(options, context);
  const from = await openSource(source, connection, options, context);
  const open = openPlace(place, { ...connection, access: "push" }, options, context);
  return {
    source: from,
    target: {
      reads: (repository) => open.reads(prefix + repository),
      push: (repository, work) => open.writing((writer) => work(writer.repository(prefix + repository))),
    },
    prefix,
  };
}

async function openSource(
  text: string,
  { transport }: RemoteOptions,
  options: MigrateOptions,
  context: Context,
): Promise<ChartSource> {
  const { sourceUsername: username, sourcePasswordStdin } = options;
  const isSite = /^https?:\/\//i.test(text);
  const rewriting = rewritingOf(options);
  if (text.startsWith("oci://"))
    throw new ChartroomError("usage", `Cannot migrate "${text}": it is in a registry already`, {
      hint: "`chartroom copy` copies between registries.",
    });
  if ((username === undefined) !== !sourcePasswordStdin)
    throw new ChartroomError("usage", "--source-username and --source-password-stdin go together");
  const given = [username, rewriting.base, rewriting.rewrite].some((each) => each !== undefined);
  if (!isSite && given)
    throw new ChartroomError("usage", `"${text}" is a directory: it takes no login and no URL`);
  if (!isSite) return new Directory(context.fs, resolve(context.cwd, text));
  const url = parseSite(text);
  const authorization =
    username === undefined ? undefined : basic(username, await passwordFromInput(context));
  return new Site(url, { ...rewriting, transport, authorization });
}
