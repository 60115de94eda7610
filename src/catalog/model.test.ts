import { expect, test } from "bun:test";
import fc from "fast-check";
import { parseTag } from "../oci/reference.ts";
import { type Artifact, blobOf, type Content, imageOf, indexOf } from "../testing/artifacts.ts";
import { linkBlob, nameOf, occasion, putManifest } from "../testing/commands.ts";
import type { Catalog } from "./catalog.ts";
import type { Command } from "./command.ts";
import { freshCatalogs } from "./fresh.suite.ts";
import { MemoryCatalog } from "./memory.ts";
import { openSqliteCatalog } from "./sqlite.ts";

// A small world, so that random commands meet each other often.
const repositories = ["a", "a/b", "b"].map(nameOf);
const tags = ["A", "_", "a", "1"];
const uploads = ["u1", "u2"];
const artifacts = world();
const blobs = [
  ...new Map(artifacts.flatMap((each) => each.blobs).map((each) => [each.descriptor.digest, each])).values(),
];
const digestsOf = (contents: readonly Content[]) => contents.map(({ descriptor }) => descriptor.digest);
const digests = digestsOf([...artifacts, ...blobs]);

function world(): Artifact[] {
  const first = imageOf([blobOf("x")]);
  const second = imageOf([blobOf("y"), blobOf("x")]);
  const about = { subject: first.descriptor, annotations: { about: "first" } };
  const signature = imageOf([], { ...about, artifactType: "application/x.sig" });
  return [first, second, indexOf([first, second], { subject: second.descriptor }), signature];
}

const one = <T>(items: readonly T[]) => fc.constantFrom(...items);
const at = fc.constant(1);
const repository = one(repositories);
const expected = fc.oneof(fc.constant("any" as const), fc.constant("absent" as const), one(digests));

const link = fc
  .tuple(repository, one(blobs), fc.option(one(uploads), { nil: undefined }))
  .map(([name, content, upload]) => linkBlob(name, content, upload));
const put = fc
  .tuple(repository, one(artifacts), fc.subarray(tags), expected, fc.boolean())
  .map(([name, artifact, names, expects, sparse]) => {
    const command = putManifest(name, artifact, names, expects);
    return sparse ? { ...command, blobs: [], optional: command.blobs, manifests: [] } : command;
  });
const tag = one(tags).map(parseTag);
const offset = fc.nat(100);
const user = fc.option(fc.constant("ann"), { nil: undefined });
const record = fc.record;

const [blob, manifest] = [one(digestsOf(blobs)), one(digestsOf(artifacts))];
const endpoint = one(["e1", "e2"]);
const plain: fc.Arbitrary<Command> = fc.oneof(
  { weight: 6, arbitrary: link },
  { weight: 6, arbitrary: put },
  record({ kind: fc.constant("open-upload" as const), id: one(uploads), repository, user, at }),
  record({ kind: fc.constant("advance-upload" as const), id: one(uploads), offset }),
  record({ kind: fc.constant("close-upload" as const), id: one(uploads) }),
  record({
    kind: fc.constant("mount-blob" as const),
    repository,
    from: repository,
    digest: one(digests),
    at,
  }),
  record({ kind: fc.constant("unlink-blob" as const), repository, digest: blob }),
  record({ kind: fc.constant("untag" as const), repository, tag }),
  record({ kind: fc.constant("delete-manifest" as const), repository, digest: manifest }),
  record({
    kind: fc.constant("tell-events" as const),
    events: fc.array(fc.constant("{}"), { maxLength: 3 }),
  }),
  record({ kind: fc.constant("open-endpoints" as const), names: fc.subarray(["e1", "e2"]) }),
  record({ kind: fc.constant("advance-endpoint" as const), name: endpoint, event: fc.nat(50) }),
);
const tellable = /^(link-blob|mount-blob|unlink-blob|put-manifest|untag|delete-manifest)$/;
const command = fc
  .tuple(plain, fc.boolean())
  .map(([each, told]) => (told && tellable.test(each.kind) ? ({ ...each, occasion } as Command) : each));

/** All that a catalog can be asked about the small world. */
async function answers(catalog: Catalog): Promise<unknown> {
  const page = { limit: 2 };
  return {
    repositories: await catalog.repositories(page),
    uploads: await catalog.uploads(page),
    events: [await catalog.events(0, 1000), await catalog.lastEvent()],
    holders: await Promise.all(
      digests.map(async (digest) => (await catalog.repositoriesWithBlob(digest, 9)).toSorted()),
    ),
    each: await Promise.all(
      repositories.map(async (name) => ({
        exists: await catalog.hasRepository(name),
        tags: await catalog.tags(name, page),
        named: await Promise.all(tags.map((each) => catalog.tag(name, parseTag(each)))),
        manifests: await Promise.all(digests.map((digest) => catalog.manifest(name, digest))),
        blobs: await Promise.all(digests.map((digest) => catalog.blob(name, digest))),
        referrers: await Promise.all(
          digests.map((digest) => catalog.referrers(name, digest, undefined, page)),
        ),
        typed: await Promise.all(
          digests.map((digest) => catalog.referrers(name, digest, "application/x.sig", page)),
        ),
      })),
    ),
  };
}

const fresh = freshCatalogs();

test("any commands, sent at once, have the outcomes and the effects that they have in memory one by one", async () => {
  await fc.assert(
    fc.asyncProperty(fc.array(command, { minLength: 1, maxLength: 150, size: "max" }), async (commands) => {
      const memory = new MemoryCatalog();
      const sqlite = await openSqliteCatalog(await fresh());
      try {
        const sent = Promise.all(commands.map((each) => sqlite.apply(each)));
        const outcomes = [];
        for (const each of commands) outcomes.push(await memory.apply(each));
        expect(await sent).toEqual(outcomes);
        expect(await answers(sqlite)).toEqual(await answers(memory));
      } finally {
        await sqlite.close();
      }
    }),
    { numRuns: 50 },
  );
}, 30_000);
