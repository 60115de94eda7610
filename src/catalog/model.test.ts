import { expect, test } from "bun:test";
import fc from "fast-check";
import { parseTag } from "../oci/reference.ts";
import { type Artifact, blobOf, type Content, imageOf, indexOf } from "../testing/artifacts.ts";
import { linkBlob, nameOf, occasion, putManifest } from "../testing/commands.ts";
import type { Catalog } from "./catalog.ts";
import type { Command } from "./command.ts";
import { freshCatalogs } from "./fresh.suite.ts";
import { MemoryCatalog } from "./memory/memory.ts";
import { openSqliteCatalog } from "./sqlite/sqlite.ts";

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
const at = fc.nat(3);
const repository = one(repositories);
const expected = fc.oneof(fc.constant("any" as const), fc.constant("absent" as const), one(digests));

const link = fc
  .tuple(repository, one(blobs), fc.option(one(uploads), { nil: undefined }), at, fc.nat(2))
  .map(([name, content, upload, time, burials]) => ({
    ...linkBlob(name, content, upload),
    burials,
    at: time,
  }));
const put = fc
  .tuple(repository, one(artifacts), fc.subarray(tags), expected, fc.boolean(), at)
  .map(([name, artifact, names, expects, sparse, time]) => {
    // The first two are charts, whose archive is a blob of theirs.
    const chart =
      artifacts.indexOf(artifact) < 2
        ? { content: artifact.blobs[1]!.descriptor.digest, created: 1 }
        : undefined;
    const command = { ...putManifest(name, artifact, names, expects), chart, at: time };
    return sparse
      ? { ...command, blobs: [], optional: [...command.blobs, ...command.manifests], manifests: [] }
      : command;
  });
const tag = one(tags).map(parseTag);
const offset = fc.nat(100);
const user = fc.option(fc.constant("ann"), { nil: undefined });
const record = fc.record;

const facts = [
  { unreadable: "it is not gzip" },
  {
    name: "a",
    version: "1",
    entry: { json: "j", yaml: "y" },
    images: [],
    readme: "r",
    values: undefined,
    schema: undefined,
  },
];

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
  record({ kind: fc.constant("renew-blob" as const), repository, digest: blob, at }),
  record({ kind: fc.constant("collect-blob" as const), repository, digest: blob, before: at }),
  record({ kind: fc.constant("doom" as const), digest: blob }),
  record({ kind: fc.constant("bury" as const), digest: blob }),
  record({ kind: fc.constant("untag" as const), repository, tag, at }),
  record({
    kind: fc.constant("delete-manifest" as const),
    repository,
    digest: manifest,
    looseSince: fc.option(at, { nil: undefined }),
    at,
  }),
  record({ kind: fc.constant("lose-blob" as const), digest: blob }),
  fc.tuple(repository, one(artifacts)).map(([name, artifact]) => {
    const command = putManifest(name, artifact);
    return { ...command, kind: "restate-manifest" as const, named: [...command.blobs, ...command.manifests] };
  }),
  record({
    kind: fc.constant("tell-events" as const),
    events: fc.array(fc.constant("{}"), { maxLength: 3 }),
  }),
  record({ kind: fc.constant("open-endpoints" as const), names: fc.subarray(["e1", "e2"]) }),
  record({ kind: fc.constant("advance-endpoint" as const), name: endpoint, event: fc.nat(50) }),
  record({ kind: fc.constant("use-manifest" as const), repository, digest: manifest, at }),
  record({ kind: fc.constant("put-facts" as const), content: blob, facts: one(facts) }),
  record({ kind: fc.constantFrom("begin-facts", "drop-unread"), content: blob }),
  // Numbers may differ from catalog to catalog: all are forgotten.
  record({ kind: fc.constant("forget-changes" as const), prefix: one(["", "a/"]), before: fc.constant(1e6) }),
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
    unnamed: (await catalog.unnamed(2, { limit: 100 })).items.map((each) => JSON.stringify(each)).toSorted(),
    loose: (await catalog.loose(2, { limit: 100 })).items.map((each) => JSON.stringify(each)).toSorted(),
    unheld: await Promise.all(digests.map((digest) => catalog.unheldBytes(digest))),
    burials: await Promise.all(digests.map((digest) => catalog.burials(digest))),
    unheldCount: (await catalog.unheld({ limit: 100 })).items.length,
    holders: await Promise.all(
      digests.map(async (digest) => (await catalog.repositoriesWithBlob(digest, 9)).toSorted()),
    ),
    unread: (await catalog.unreadCharts(9)).toSorted(),
    facts: await Promise.all(digests.map((digest) => catalog.chartFacts(digest))),
    entries: await catalog.chartEntries(digests, "json"),
    prefixes: await catalog.chartPrefixes(page),
    // Several tags that one command changes may come in any order.
    charts: await Promise.all(
      ["", "a/"].map(async (prefix) =>
        (await catalog.chartTags(prefix, { limit: 99 })).items
          .map(({ change, ...named }) => named)
          .toSorted((a, b) => (`${a.repository}:${a.tag}` < `${b.repository}:${b.tag}` ? -1 : 1)),
      ),
    ),
    each: await Promise.all(
      repositories.map(async (name) => ({
        exists: await catalog.hasRepository(name),
        tags: await catalog.tags(name, page),
        charts: await Promise.all(tags.map((each) => catalog.taggedChart(name, parseTag(each)))),
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
