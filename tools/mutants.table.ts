/** One line of the house taken away, and the test that must notice. */
export interface Mutant {
  /** What is no longer done. */
  readonly without: string;
  /** The file, from the root, and the text in it that is taken away; it stands there just once. */
  readonly file: string;
  readonly find: string;
  /** What stands there instead; nothing unless told. */
  readonly replace?: string;
  /** The test that turns red: its file, and its name with those of what it stands in. */
  readonly test: readonly [file: string, name: string];
}

const commands = (name: string): Mutant["test"] => ["src/cli/chart/faults.test.ts", name];
const faults = {
  power: (command: string) =>
    commands(`${command} wherever the power fails, what is named is whole, and what was answered is there`),
  call: (command: string) =>
    commands(`${command} whichever call fails, the store is whole and a repeat succeeds`),
};

const races = (trace: string) => `collection and, over sqlite, ${trace}`;
const mirror = (name: string): Mutant["test"] => ["src/registry/mirror/repository.test.ts", name];
const failing = (name: string): Mutant["test"] => ["src/registry/mirror/failure.test.ts", name];
const mirrored = (name: string): Mutant["test"] => [
  "src/registry/mirror/download.test.ts",
  `a large blob ${name}`,
];

const backups = (what: string): Mutant["test"] => [
  "src/registry/backup/faults.test.ts",
  `wherever the power fails, ${what} is whole or none, and a repeat succeeds`,
];

/** What the house promises, by the lines that keep it. */
export const mutants: readonly Mutant[] = [
  // What was answered survives power loss.
  {
    without: "the sync of a replaced file's bytes",
    file: "src/files/durable.ts",
    find: "      await writeAll(file, [bytes], 0);\n      await file.sync();\n",
    replace: "      await writeAll(file, [bytes], 0);\n",
    test: faults.power("tag"),
  },
  {
    without: "the sync of a replaced file's directory",
    file: "src/files/durable.ts",
    find: "  await syncDirectory(fs, dirname(path));\n}\n\n/**\n * Write all",
    replace: "}\n\n/**\n * Write all",
    test: faults.power("tag"),
  },
  {
    without: "the wait of who comes after a directory's sync has begun",
    file: "src/files/rounds.ts",
    find: "    round.next ??= round.done.then(begin, begin);\n    return round.next;\n",
    replace: "    return round.done;\n",
    test: ["src/files/durable.test.ts", "who comes after a sync has begun waits for another"],
  },
  {
    without: "the sync of a new directory's entry",
    file: "src/files/durable.ts",
    find: "  await syncDirectory(fs, dirname(path));\n}\n\n/** How",
    replace: "}\n\n/** How",
    test: faults.power("save into nothing"),
  },
  {
    without: "the sync of a blob's bytes",
    file: "src/blobs/ingest.ts",
    find: "      await this.#file.datasync();\n",
    test: ["src/blobs/faults.test.ts", "once it resolved, power loss takes nothing of a commit"],
  },
  {
    without: "the sync before a commit of what another process left",
    file: "src/blobs/ingest.ts",
    find: "    await this.#sync();\n    if (!this.#sealed)",
    replace: "    if (!this.#sealed)",
    test: [
      "src/blobs/faults.test.ts",
      "once it resolved, power loss takes nothing of a commit of an ingest that another process began and did not sync",
    ],
  },
  {
    without: "the entry of an upload's file, on the disk before its bytes are taken",
    file: "src/blobs/ingest.ts",
    find: "ready: this.#place.brief ? undefined : this.#enter(),",
    replace: "",
    test: ["src/registry/uploads.faults.test.ts", "bytes whose file may go with the power are not taken"],
  },
  {
    without: "what an earlier process acknowledged of an upload, when a sync fails",
    file: "src/registry/uploads.ts",
    find: "{ safe: offset }",
    replace: "{}",
    test: [
      "src/registry/uploads.faults.test.ts",
      "a sync that fails takes nothing that an earlier process acknowledged",
    ],
  },
  {
    without: "the sync of the directory that a blob is linked into",
    file: "src/blobs/ingest.ts",
    find: "    await syncDirectory(this.#fs, dirname(target));\n",
    test: ["src/blobs/faults.test.ts", "once it resolved, power loss takes nothing of a commit"],
  },
  {
    without: "the sync of an ingest's own entry",
    file: "src/blobs/ingest.ts",
    find: "    await syncDirectory(this.#fs, dirname(this.#place.path));\n",
    test: ["src/blobs/faults.test.ts", "once it resolved, power loss takes nothing of an append"],
  },
  {
    without: "the sync of blobs that another process linked, before an entry names them",
    file: "src/layout/layout.ts",
    find: "await syncDirectory(this.fs, directory);",
    replace: "directory.trim();",
    test: [
      "src/layout/faults.test.ts",
      "an entry is not on the disk before a blob that another process linked",
    ],
  },
  {
    without: "the cut after a sync that failed",
    file: "src/blobs/ingest.ts",
    find: "      await this.#cut(this.#synced);\n      this.#lost = undefined;\n",
    replace: "      this.#lost = undefined;\n",
    test: [
      "src/blobs/faults.test.ts",
      "a long append is synced on the way, and a sync that fails takes back what it was to save",
    ],
  },

  // A sync that failed is the last one that is believed.
  {
    without: "the end of all writing at a sync that fails",
    file: "src/registry/writeStop.ts",
    find: '        if (!cannotSync.has(errorCode(error) ?? "")) this.#stop(error);\n',
    test: [
      "src/cli/registry/faults.test.ts",
      "after a sync that failed no write is acknowledged, every read is, and a start mends it",
    ],
  },
  {
    without: "the end of all writing when the catalog's disk fails",
    file: "src/registry/writeStop.ts",
    find: "          if (error instanceof CatalogFailed) this.#stop(error);\n",
    test: [
      "src/registry/writeStop.test.ts",
      "a catalog whose disk failed is not asked to write again, and still answers",
    ],
  },
  {
    without: "the refusal of commands after a sync that failed",
    file: "src/registry/writeStop.ts",
    find: "        this.check();\n        try {\n          return",
    replace: "        try {\n          return",
    test: [
      "src/cli/registry/faults.test.ts",
      "after a sync that failed no write is acknowledged, every read is, and a start mends it",
    ],
  },
  {
    without: "the sync anew of what a dead process left in the catalog's log",
    file: "src/catalog/sqlite/writer/writer.ts",
    find: '  sql.run("PRAGMA wal_checkpoint(TRUNCATE)");\n',
    test: [
      "src/catalog/sqlite/crash.test.ts",
      "what was told before kill -9 is there afterwards, whole, and synced anew",
    ],
  },
  {
    without: "the cut of a session back to what was acknowledged",
    file: "src/registry/uploads.ts",
    find: "    if (ingest.offset > offset) await ingest.truncate(offset);\n",
    test: [
      "src/registry/uploads.test.ts",
      "an upload session outlives the process, without the bytes that were never acknowledged",
    ],
  },

  {
    without: "the refusal of network file systems",
    file: "src/registry/dataDirectory.ts",
    find: "  if (network !== undefined)\n    throw",
    replace: "  if (network === null)\n    throw",
    test: [
      "src/registry/dataDirectory.test.ts",
      "CephFS is a network file system and is refused, with what to do",
    ],
  },

  {
    without: "the reserve's room for deletes on a full disk",
    file: "src/registry/reserve.ts",
    find: "          await this.#giveUp();\n",
    test: [
      "src/registry/reserve.test.ts",
      "on a full disk deletes get the reserve's room, nothing else does, and it is taken again when there is some",
    ],
  },
  {
    without: "the refusal of what grows while the reserve is given up",
    file: "src/registry/reserve.ts",
    find: "if (await this.#hold()) return",
    replace: "if ((await this.#hold()) !== undefined) return",
    test: [
      "src/registry/reserve.test.ts",
      "on a full disk deletes get the reserve's room, nothing else does, and it is taken again when there is some",
    ],
  },

  // No push is answered on bytes that collection takes.
  {
    without: "the doom before the bytes go",
    file: "src/registry/collector.ts",
    find: 'if (!(await this.#store.catalog.apply({ kind: "doom", digest })).done) return undefined;',
    replace:
      'await this.#store.blobs.remove(digest);\n    if (!(await this.#store.catalog.apply({ kind: "doom", digest })).done) return undefined;',
    test: ["src/registry/races.test.ts", races("1. a push that links before the bytes go")],
  },
  {
    without: "the refusal to doom what a repository has",
    file: "src/catalog/sqlite/unnamed.ts",
    find: 'if (sql.one("SELECT 1 FROM blob WHERE content = ? LIMIT 1", find(sql, digest)) !== undefined)',
    replace: 'if (sql.one("SELECT 1 FROM blob WHERE content = ? LIMIT 1", find(sql, digest)) === null)',
    test: [
      "src/catalog/sqlite/sqlite.test.ts",
      "sqlite unheld bytes nothing that a repository has is doomed",
    ],
  },
  {
    without: "the refusal of a link to doomed bytes",
    file: "src/catalog/sqlite/unnamed.ts",
    find: '  sql.one("SELECT 1 FROM unheld WHERE content = ? AND doomed = 1", content) === undefined;',
    replace: "  content !== 0;",
    test: ["src/registry/races.test.ts", races("1. a push that links before the bytes go")],
  },
  {
    without: "the refusal of a link to bytes that were buried since",
    file: "src/catalog/sqlite/unnamed.ts",
    find: '  sql.one("SELECT 1 FROM content WHERE id = ? AND burials = ?", content, burials) !== undefined &&\n',
    replace: "  burials >= 0 &&\n",
    test: [
      "src/registry/races.test.ts",
      races("2. a push that publishes before the bytes go, and links after they were buried"),
    ],
  },
  {
    without: "the publication anew after a burial",
    file: "src/registry/burials.ts",
    find: "      if (await link(await publish(), burials)) return;\n      await this.bury(digest);\n",
    replace:
      "      const published = await publish();\n      while (!(await link(published, await this.#store.catalog.burials(digest)))) await this.bury(digest);\n      if (burials >= 0) return;\n",
    test: ["src/registry/races.test.ts", races("1. a push that links before the bytes go")],
  },
  {
    without: "the look whether a digest is still doomed, before its bytes are removed",
    file: "src/registry/burials.ts",
    find: "    if (!(await catalog.unheldBytes(digest))?.doomed) return undefined;\n",
    test: [
      "src/registry/races.test.ts",
      races("5. a push whose burial comes after another push has published again"),
    ],
  },
  {
    without: "one burial of a digest at a time",
    file: "src/registry/burials.ts",
    find: "      this.#underWay.set(digest, underWay);\n",
    test: ["src/registry/races.test.ts", races("4. two pushes that meet the same doomed bytes")],
  },
  {
    without: "the renewal at a HEAD",
    file: "src/server/v2/blobs.ts",
    find: 'method === "HEAD" ? repository.keep({ digest }) : repository.stat({ digest })',
    replace: "repository.stat({ digest })",
    test: [
      "src/cli/registry/collect.test.ts",
      "after HEAD told that a blob is there, its manifest is taken for half a grace period",
    ],
  },
  {
    without: "the grace period",
    file: "src/registry/collector.ts",
    find: "    const before = now() - grace;\n",
    replace: "    const before = now() - Math.min(grace, 0);\n",
    test: [
      "src/registry/collector.test.ts",
      "collection over sqlite takes blobs that no manifest named in time, and leaves all that one names",
    ],
  },
  {
    without: "the hold on collection",
    file: "src/registry/collector.ts",
    find: "    if (this.#holds > 0)\n      throw",
    replace: "    if (this.#holds < 0)\n      throw",
    test: ["src/registry/races.test.ts", races("13. a backup: nothing goes while collection is held")],
  },
  {
    without: "the wait of a hold for what is being taken",
    file: "src/registry/collector.ts",
    find: "    await Promise.allSettled(this.#working);\n",
    test: ["src/registry/races.test.ts", races("13. a backup: nothing goes while collection is held")],
  },
  {
    without: "a manifest's claim on its blobs",
    file: "src/catalog/sqlite/named.ts",
    find: "    claimBlob(sql, repository, content);\n",
    test: [
      "src/catalog/sqlite/sqlite.test.ts",
      "sqlite unnamed blobs a blob is unnamed until a manifest names it, and again when the last that did is gone",
    ],
  },
  {
    without: "the reserve's room for collection on a full disk",
    file: "src/registry/reserve.ts",
    find: '  "collect-blob",\n  "doom",\n  "bury",\n',
    test: ["src/registry/reserve.test.ts", "on a full disk collection gets the reserve's room too"],
  },
  {
    without: "the hold of an index on its children",
    file: "src/catalog/sqlite/loose.ts",
    find: "\n  OR EXISTS (SELECT 1 FROM edge WHERE edge.repository = ?1 AND edge.blob = ?2)",
    test: [
      "src/catalog/sqlite/sqlite.test.ts",
      "sqlite loose manifests an index holds what it names, before and after that comes, until it goes",
    ],
  },
  {
    without: "the look whether a manifest is still loose when it is taken",
    file: "src/catalog/sqlite/execute.ts",
    find: "(found.loose === null || found.loose > looseSince)",
    replace: "found.loose === 0",
    test: [
      "src/catalog/sqlite/sqlite.test.ts",
      "sqlite loose manifests one that was loose for long enough is taken on that condition, and no other",
    ],
  },
  {
    without: "the end of a removal when writing has ended",
    file: "src/registry/writeStop.ts",
    find: "      unlink: async (path) => {\n        this.check();\n",
    replace: "      unlink: async (path) => {\n",
    test: [
      "src/registry/writeStop.test.ts",
      "a sync that fails ends writes and syncs of every file; one that the system does not have ends nothing",
    ],
  },

  // Any number of processes lose nothing.
  {
    without: "the shared lock's reading of its file, which takes it",
    file: "src/files/lock.ts",
    find: 'if (mode === "shared") database.run("SELECT 1 FROM sqlite_schema");',
    test: ["src/files/lock.test.ts", "beside shared goes shared and turn, in one process and across two"],
  },
  {
    without: "the turn's immediate begin",
    file: "src/files/lock.ts",
    find: 'turn: "BEGIN IMMEDIATE"',
    replace: 'turn: "BEGIN"',
    test: ["src/files/lock.test.ts", "beside turn goes shared, in one process and across two"],
  },
  {
    without: "the exclusive lock's exclusive begin",
    file: "src/files/lock.ts",
    find: 'exclusive: "BEGIN EXCLUSIVE"',
    replace: 'exclusive: "BEGIN IMMEDIATE"',
    test: ["src/files/lock.test.ts", "beside exclusive goes nothing, in one process and across two"],
  },
  {
    without: "what keeps a lock from being collected as garbage",
    file: "src/files/lock.ts",
    find: "  held.add(database);\n",
    test: ["src/files/lock.test.ts", "a lock outlives its forgotten holder"],
  },
  {
    without: "the turn for a change of index.json",
    file: "src/layout/layout.ts",
    find: '    await using _turn = await acquire(this.lockPath, "turn", { signal });\n    const before',
    replace: "    const before",
    test: ["src/layout/write.test.ts", "many names set at once are all there"],
  },
  {
    without: "the shared lock of who puts something in",
    file: "src/layout/write.ts",
    find: '  await using _shared = await acquire(layout.lockPath, "shared", { signal });\n',
    test: ["src/layout/prune.test.ts", "a prune waits for who is putting something in"],
  },
  {
    without: "the exclusive lock of a prune",
    file: "src/layout/prune.ts",
    find: '  await using _lock = await acquire(layout.lockPath, "exclusive", { signal });\n  const reached',
    replace: "  const reached",
    test: ["src/layout/prune.test.ts", "a prune waits for who is putting something in"],
  },
  {
    without: "the exclusive lock of a deletion",
    file: "src/layout/prune.ts",
    find: '  await using _lock = await acquire(layout.lockPath, "exclusive", { signal });\n  const index',
    replace: "  const index",
    test: ["src/layout/prune.test.ts", "a deletion waits for who is putting something in"],
  },
  {
    without: "the shared lock of a check",
    file: "src/layout/check.ts",
    find: "  await using _shared = await holdOffPrune(layout, signal);\n",
    test: ["src/layout/check.test.ts", "no prune takes what a check is about to read"],
  },
  {
    without: "the lock around the file of logins",
    file: "src/files/edit.ts",
    find: '"exclusive", { signal }',
    replace: '"shared", { signal }',
    test: [
      "src/files/edit.test.ts",
      "many edits at once lose nothing, also beside what a killed process left",
    ],
  },

  // Bytes are what their digest says.
  {
    without: "the comparison of a stream's digest",
    file: "src/oci/verify.ts",
    find: "    if (digest !== expected) throw",
    replace: "    if (digest.length !== expected.length) throw",
    test: ["src/oci/verify.test.ts", "verify"],
  },
  {
    without: "the limit on a stream's size",
    file: "src/oci/verify.ts",
    find: "    if (this.#size > size) throw",
    replace: "    if (this.#size < 0) throw",
    test: ["src/oci/verify.test.ts", "verify a stream without end is cut off as soon as it is too long"],
  },
  {
    without: "the comparison of a manifest's digest",
    file: "src/oci/verify.ts",
    find: "  if (digest !== descriptor.digest) throw",
    replace: "  if (digest.length !== descriptor.digest.length) throw",
    test: ["src/oci/verify.test.ts", "verify one bit changed is not verified"],
  },
  {
    without: "the comparison of a blob's digest before it is published",
    file: "src/blobs/ingest.ts",
    find: "    if (actual !== digest) throw mismatch(actual, digest);\n",
    test: [
      "src/blobs/filesystem.test.ts",
      "a commit under a wrong digest publishes nothing and keeps the ingest",
    ],
  },
  {
    without: "the comparison of a small blob's digest before it is published",
    file: "src/blobs/smallIngest.ts",
    find: "    expectDigest(this.#bytes, digest);\n",
    test: ["src/blobs/filesystem.test.ts", "a small ingest under a wrong digest publishes nothing"],
  },
  {
    without: "the sync of a small blob's bytes",
    file: "src/blobs/smallIngest.ts",
    find: "      await file.datasync();\n",
    test: ["src/blobs/faults.test.ts", "once it resolved, power loss takes nothing of a small blob"],
  },
  {
    without: "the sync of the directory that a small blob is linked into",
    file: "src/blobs/smallIngest.ts",
    find: "    await syncDirectory(this.#fs, dirname(target));\n",
    test: ["src/blobs/faults.test.ts", "once it resolved, power loss takes nothing of a small blob"],
  },
  {
    without: "the verification of what is fetched, in copy",
    file: "src/oci/copy.ts",
    find: "return verify(await source.blob(blob), blob).pipeThrough(",
    replace: "return (await source.blob(blob)).pipeThrough(",
    test: ["src/oci/copy.test.ts", "a target that believes what it is given is given nothing wrong"],
  },
  {
    without: "the reading of a blob that is there already",
    file: "src/layout/repository.ts",
    find: " && isWhole(this.layout.blobs, digest)",
    test: ["src/layout/check.test.ts", "one flipped bit"],
  },
  {
    without: "the comparison of digests in a check",
    file: "src/blobs/whole.ts",
    find: "  return digester.digest() === digest;\n",
    replace: "  return digester.digest() !== undefined;\n",
    test: ["src/layout/check.test.ts", "one flipped bit"],
  },

  // Children before parents, the tag last.
  {
    without: "the wait for children and blobs before a manifest",
    file: "src/oci/copy.ts",
    find: "    await allSettledOrThrow([\n      ...children",
    replace: "    void Promise.allSettled([\n      ...children",
    test: ["src/oci/copy.test.ts", "copy brings everything over, children before parents and the tag last"],
  },
  {
    without: "the manifest's blob before its entry",
    file: "src/layout/repository.ts",
    find: "    await this.pushBlob(descriptor, async () => new Blob([bytes.slice()]).stream());\n",
    test: faults.power("save"),
  },
  {
    without: "the look at a pulled archive before it is named",
    file: "src/cli/chart/pull.ts",
    find: "        admit,\n",
    test: ["src/cli/chart/trade.test.ts", "what is pulled and is no archive is not named"],
  },
  {
    without: "what an unreadable manifest may need, in a prune",
    file: "src/layout/mark.ts",
    find: "    if (!(cause instanceof ChartroomError)) throw cause;\n",
    test: [
      "src/layout/prune.test.ts",
      "nothing is freed while the disk does not give what a child manifest says",
    ],
  },

  // A tag is not replaced by accident.
  {
    without: "the refusal of a tag that holds another chart, in push",
    file: "src/cli/chart/push.ts",
    find: "held !== undefined && !exists && !options.force",
    replace: "held === undefined && !exists && !options.force && exists",
    test: ["src/cli/chart/trade.test.ts", "a tag that holds another chart is left alone unless forced"],
  },

  // No text from outside leads out of its place.
  {
    without: 'the refusal of ".." in an archive',
    file: "src/chart/archive/archivePaths.ts",
    find: 'if (parts.includes(".."))',
    replace: "if (parts.length === 0)",
    test: ["src/chart/archive/archive.test.ts", "openArchive refuses .."],
  },
  {
    without: "the refusal of absolute paths in an archive",
    file: "src/chart/archive/archivePaths.ts",
    find: 'if (path.startsWith("/") || ',
    replace: "if (",
    test: ["src/chart/archive/archive.test.ts", "openArchive refuses an absolute path"],
  },
  {
    without: "the look for links in the way of an export",
    file: "src/cli/tree.ts",
    find: '    if (kind !== "directory") return { obstacle: above };\n',
    test: ["src/cli/tree.test.ts", "a link on the way is a conflict that no force removes"],
  },
  {
    without: "the sync of a file that takes another's place",
    file: "src/cli/tree.ts",
    find: "    await replaceFile(fs, join(root, path), bytes, { temporary: temporaryBeside(join(root, path)) });",
    replace: "    await replaceFile, writeWhole(fs, join(root, path), bytes);",
    test: ["src/cli/tree.test.ts", "wherever the power fails, a file that another replaces is old or new"],
  },
  {
    without: "the refusal of a directory that holds something else",
    file: "src/layout/layout.ts",
    find: "    else if (bytes === undefined) await this.#checkUnused();\n",
    test: ["src/layout/check.test.ts", "a directory that holds something else is never taken for a store"],
  },
  {
    without: "the grammar of an ingest's name",
    file: "src/blobs/name.ts",
    find: "  if (isIngestName(text)) return text;\n",
    replace: "  if (text !== null) return text;\n",
    test: ["src/blobs/filesystem.test.ts", "a name that is no name of ours is refused"],
  },

  // What comes from outside is limited.
  {
    without: "the limit on what gzip unpacks to",
    file: "src/chart/archive/gunzip.ts",
    find: "if (size > limit)",
    replace: "if (size < 0)",
    test: ["src/chart/archive/gunzip.test.ts", "gunzip stops a bomb at the limit"],
  },
  {
    without: "the limit on an upload's size",
    file: "src/blobs/limited.ts",
    find: "    if (piece.byteLength > room) {",
    replace: "    if (piece.byteLength < 0) {",
    test: ["src/blobs/filesystem.test.ts", "a stream that passes the limit is cut there and cancelled"],
  },
  {
    without: "the limit on a pushed manifest",
    file: "src/server/body.ts",
    find: "    if (size > limit) throw",
    replace: "    if (size < 0) throw",
    test: [
      "src/server/v2/manifests.test.ts",
      "pushing a manifest larger than 4 MiB is refused, said or not; 4 MiB are not",
    ],
  },

  {
    without: "the turn of a lent piece, which ends when the next is asked for",
    file: "src/server/body.ts",
    find: "        return reader.cancel(reason);\n      },\n    },\n    { highWaterMark: 0 },\n",
    replace: "        return reader.cancel(reason);\n      },\n    },\n    { highWaterMark: 3 },\n",
    test: [
      "src/server/server.test.ts",
      "a server streams to clients that take nothing for long, and each gets its bytes",
    ],
  },
  {
    without: "the idle timeout of a connection whose body is through",
    file: "src/server/exchange.ts",
    find: "    this.peer.retime();\n",
    test: ["src/server/idle.test.ts", "and while one goes out, until it is through or given up"],
  },

  // A login goes to its registry and nowhere else.
  {
    without: "the look at the origin before a login is sent",
    file: "src/remote/session.ts",
    find: "    if (request.url.origin !== this.origin.origin)\n      return this.transport.send({ ...request, anonymous: true });\n",
    test: ["src/remote/upload.test.ts", "goes to another host without the login"],
  },
  {
    without: "the look at who challenges",
    file: "src/remote/session.ts",
    find: "      if (answer.url.origin !== this.origin.origin) return",
    replace: "      if (answer.url.origin === null) return",
    test: [
      "src/remote/hostile.test.ts",
      "an odd registry is understood that is redirected to a host which asks for a login sends it none",
    ],
  },
  {
    without: "the anonymity of what a registry has sent to another server",
    file: "src/remote/session.ts",
    find: "return this.transport.send({ ...request, anonymous: true });",
    replace: "return this.transport.send(request);",
    test: [
      "src/remote/clientCertificate.test.ts",
      "where a registry has an upload sent to another server, no certificate is shown there",
    ],
  },
  {
    without: "the bound on where a list goes on",
    file: "src/remote/listing.ts",
    find: "next && hereAs(session.origin, next)",
    replace: "next",
    test: ["src/remote/listing.test.ts", "a list goes on at its registry, wherever that says"],
  },
  {
    without: "the anonymity of what is asked again where a redirect led",
    file: "src/remote/session.ts",
    find: "url: answer.url, anonymous: true }",
    replace: "url: answer.url }",
    test: [
      "src/remote/clientCertificate.test.ts",
      "nor where a redirect leads to another registry, nor where that has tokens",
    ],
  },
  {
    without: "the drop of the client certificate on the way to another origin",
    file: "src/http/transport.ts",
    find: "request.anonymous === true || leaves",
    replace: "request.anonymous === true",
    test: [
      "src/http/tls.test.ts",
      "a client certificate is shown to the server that was named, and to none that it redirects to, or that a stranger named",
    ],
  },
  {
    without: "the drop of the login on the way to another origin",
    file: "src/http/transport.ts",
    find: "!leaves || ",
    replace: "true || ",
    test: ["src/http/redirects.test.ts", "redirects to another origin lose the login, and keep the rest"],
  },
  {
    without: "the look at a classic repository's origin before its login is sent",
    file: "src/migrate/site.ts",
    find: " && url.origin === this.#url.origin",
    test: ["src/migrate/site.test.ts", "a site's login goes to the site's own server alone"],
  },

  {
    without: "the limit on how an index grows that comes packed",
    file: "src/migrate/site.ts",
    find: "size > growthFrom && size > came * growthLimit",
    replace: "false",
    test: [
      "src/migrate/site.test.ts",
      "an index that is meant to do harm and unpacks to endless lines is refused",
    ],
  },
  {
    without: "the limit on how deep an index in JSON is nested",
    file: "src/migrate/splitJson.ts",
    find: "brackets.push(letter) > depthLimit",
    replace: "brackets.push(letter) < 0",
    test: ["src/migrate/readIndex.test.ts", "brackets without an end are refused before they are held"],
  },
  {
    without: "the end of a body that comes byte by byte",
    file: "src/http/watchdog.ts",
    find: "    if (this.#bytes < leastProgress) return;\n",
    test: ["src/http/transport.test.ts", "failures a body that comes byte by byte"],
  },
  {
    without: "the conflict when a provenance file came later",
    file: "src/migrate/migrate.ts",
    find: "!hasLess && ",
    test: [
      "src/migrate/provenance.test.ts",
      "a provenance file that came later is brought where that is asked for, by the policy of conflicts, and once",
    ],
  },

  {
    without: "the look at the rules before one below an index's prefix",
    file: "src/server/classic/chartIndex.ts",
    find: "prefix: lookedBelow(call, prefix)",
    replace: "prefix",
    test: [
      "src/server/classic/door.test.ts",
      "access for whom no rule lets pull anything there nothing is looked up there",
    ],
  },
  {
    without: "the reader's choice in the name of an index that is held",
    file: "src/registry/classic/currentIndexes.ts",
    find: "choice.name}`",
    replace: "form}`",
    test: [
      "src/registry/classic/currentIndexes.test.ts",
      "each choice, form, context path and prefix has its own",
    ],
  },
  {
    without: "the reader's choice of what charts tell Artifact Hub",
    file: "src/server/classic/archives.ts",
    find: "shelf.charts(choice)",
    replace: 'shelf.charts({ ...choice, name: "all", includes: () => true })',
    test: [
      "src/server/classic/door.test.ts",
      "access what charts tell Artifact Hub is told by those alone that its reader may pull",
    ],
  },

  // What a foreign repository says is checked.
  {
    without: "the check of an archive against its index",
    file: "src/migrate/take.ts",
    find: "meant === undefined || digest === meant",
    replace: "meant === undefined || digest !== undefined",
    test: [
      "src/migrate/migrate.test.ts",
      "an archive that is not what the index says fails, is taken and said, or left out, by the policy",
    ],
  },
  {
    without: "the look at whose archive it is",
    file: "src/migrate/take.ts",
    find: "  if (name !== row.name || !same)\n",
    replace: "  if (name === undefined)\n",
    test: [
      "src/migrate/migrate.test.ts",
      "an archive that is not what the index says or lies about its name or its version, goes nowhere",
    ],
  },
  {
    without: "the check of where an index leads",
    file: "src/migrate/urls.ts",
    find: "  return refusal(site, asked, [rewrite?.to, base]) ?? url;\n",
    replace: "  return url;\n",
    test: [
      "src/migrate/site.test.ts",
      "an archive of a site outside is fetched from no address inside, even by redirect, unless the user names it",
    ],
  },
  {
    without: "the wait for room before a large archive is held",
    file: "src/migrate/room.ts",
    find: "      if (size > light)\n",
    replace: "      if (size > light * 1024)\n",
    test: [
      "src/migrate/room.test.ts",
      "there is room for two large archives at once, and for any number of small ones",
    ],
  },
  {
    without: "the look at whether an index has only dated its archive anew",
    file: "src/migrate/held.ts",
    find: "  return manifest.descriptor.digest === held.descriptor.digest;\n",
    replace: "  return manifest.descriptor.digest === undefined;\n",
    test: [
      "src/migrate/migrate.test.ts",
      "a chart that the index has dated anew stays as it came, and its archive is not fetched for that",
    ],
  },
  {
    without: "the forgetting of an index of which the target misses something",
    file: "src/cli/migrate/run.ts",
    find: "    await forgetIndex(context.fs, rememberedBeside(migration.journalPath));\n",
    replace: "    forgetIndex;\n",
    test: [
      "src/cli/migrate/run.test.ts",
      "an index on a server that has not changed since all was there is asked for once, and read again for another wish",
    ],
  },
  {
    without: "the failure of a chart whose provenance file cannot be asked for",
    file: "src/migrate/provenance.ts",
    find: "      if (place === from) throw error;\n",
    test: [
      "src/migrate/provenance.test.ts",
      "that cannot be asked for fails its chart, but not where another place answers",
    ],
  },
  {
    without: "the care on the way to a registry that an index names",
    file: "src/migrate/site.ts",
    find: "transport.toStrangers(this.#refusal)",
    replace: "transport",
    test: [
      "src/migrate/site.test.ts",
      "a registry that a site outside names is reached by a way that no redirect leads inside",
    ],
  },
  {
    without: "the withholding of an index's login from registries that it names",
    file: "src/cli/find/classic.ts",
    find: "login === undefined ? connection : { ...connection, credentials: noLogin }",
    replace: "connection",
    test: [
      "src/cli/migrate/stored.test.ts",
      "an index whose rows are in a registry is shown by its row, without a login that was given for the index",
    ],
  },
  {
    without: "the escaping of what an index says, on the page about it",
    file: "src/cli/migrate/pageCharts.ts",
    find: "/[&<>\"']/g",
    replace: "/[&]/g",
    test: [
      "src/cli/migrate/carried.test.ts",
      "a migration is told on a page that no word of an index can change, and that needs nothing else",
    ],
  },
  {
    without: "the look at what is no chart before it goes over",
    file: "src/cli/transfer.ts",
    find: "  transfers.admits?.(root);\n",
    test: [
      "src/cli/migrate/stored.test.ts",
      "what is in a registry that is no chart is left and named, before anything of it goes over",
    ],
  },
  {
    without: "the check of where a redirect leads",
    file: "src/http/transport.ts",
    find: "    if (refused !== undefined) throw refuse(refused);\n",
    test: [
      "src/migrate/site.test.ts",
      "an archive of a site outside is fetched from no address inside, even by redirect, unless the user names it",
    ],
  },
  {
    without: "the check that a URL's file is in its directory",
    file: "src/migrate/directory.ts",
    find: "part !== undefined && unsafeSegment(part) === undefined",
    replace: "part !== undefined",
    test: ["src/migrate/directory.test.ts", "%2e%2e%2fsecret.tgz leads to no file outside of it"],
  },
  // A check tells the truth, a backup is whole or none, and a repair loses nothing that is good.
  {
    without: "the second look of a check at what is not as it should be",
    file: "src/registry/check/blobs.ts",
    find: "    const message = await troubleOf(blobs, row, shallow, signal);\n",
    replace: '    const message: string | undefined = "its bytes are missing";\n',
    test: [
      "src/registry/check/check.test.ts",
      "what changes meanwhile is not told: a blob that is put anew while it is read",
    ],
  },
  {
    without: "the snapshot of the catalog before the blobs",
    file: "src/registry/backup/copy.ts",
    find: "  catalogs.snapshot(source.catalog, fresh);\n  const copied = await copyBlobs(places, fresh, options);\n",
    replace:
      "  const copied = await copyBlobs(places, source.catalog, options);\n  catalogs.snapshot(source.catalog, fresh);\n",
    test: [
      "src/registry/backup/backup.test.ts",
      "what is pushed while a backup goes on is in it whole or not at all",
    ],
  },
  {
    without: "the refusal to replace a backup by one of a registry that lost its blobs",
    file: "src/registry/backup/copy.ts",
    find: "    await refuseShrunk(reader, places.to, paths.root).finally(() => reader.close());\n",
    replace: "    reader.close();\n",
    test: [
      "src/registry/backup/backup.test.ts",
      "a registry that has lost most of its blobs takes the place of no backup",
    ],
  },
  {
    without: "the mistrust of a broken catalog when a check mends",
    file: "src/registry/check/mendable.ts",
    find: 'level === "fault" && where === catalogName',
    replace: "level === where",
    test: ["src/registry/check/mendable.test.ts", "by a broken catalog nothing is"],
  },
  {
    without: "the mistrust of a disk that is away when a check mends",
    file: "src/registry/check/mendable.ts",
    find: 'count("lost-blob") > Math.max(handful, known / 2)',
    replace: "known < 0",
    test: [
      "src/cli/registry/upkeep/tasks.test.ts",
      "a repair takes no blob out of a registry whose blobs are mostly away, as where their disk is not mounted",
    ],
  },
  {
    without: "the care for a blob that may not be read",
    file: "src/registry/check/repair.ts",
    find: 'untold.has(errorCode(error) ?? "") ? "untold" : "lost"',
    replace: '"lost"',
    test: [
      "src/registry/check/repair.test.ts",
      "a blob of which nobody can tell stays: it may not be read, no file can be opened, or the repair is ended",
    ],
  },
  {
    without: "the turn of others while a list is read",
    file: "src/registry/pages.ts",
    find: "    await giveWay();\n",
    test: [
      "src/registry/pages.test.ts",
      "others have their turn between two pages, though each is there at once",
    ],
  },
  {
    without: "the rest of a registry that is only read",
    file: "src/cli/registry/settings.ts",
    find: "grace: readOnly ? undefined : grace,",
    replace: "grace,",
    test: [
      "src/cli/registry/settings.test.ts",
      "a read-only registry collects nothing, whoever says that it is one",
    ],
  },
  {
    without: "the refusal of blobs whose catalog is gone",
    file: "src/registry/dataDirectory.ts",
    find: "  if (found > 0) return refuseLost(fs, root);\n",
    replace: "  if (found > 0) return;\n",
    test: [
      "src/registry/dataDirectory.test.ts",
      "blobs whose catalog is gone are refused, and nothing is made in its place",
    ],
  },
  {
    without: "the sync of a backup's catalog",
    file: "src/registry/backup/copy.ts",
    find: "  await syncFile(fs, fresh);\n",
    test: backups("a first backup"),
  },
  {
    without: "the sync of the names of a backup's blobs",
    file: "src/registry/backup/copy.ts",
    find: "  for (const directory of directories) await syncDirectory(fs, directory);\n",
    test: backups("a first backup"),
  },
  {
    without: "the marker of a backup as the last",
    file: "src/registry/backup/copy.ts",
    find: "  const copied = await copyBlobs(places, fresh, options);\n",
    replace:
      "  await markDataDirectory(fs, paths.root);\n  const copied = await copyBlobs(places, fresh, options);\n",
    test: backups("a first backup"),
  },
  {
    without: "the end of a log beside an older backup's catalog",
    file: "src/registry/backup/copy.ts",
    find: "    await fs.rm(log, { force: true });\n",
    test: [
      "src/registry/backup/backup.test.ts",
      "a log that somebody left beside the catalog of an older backup is not taken for the new one's",
    ],
  },
  {
    without: "the look at each blob of a backup that is restored",
    file: "src/registry/backup/backup.ts",
    find: "{ ...options, verify: true }",
    replace: "options",
    test: [
      "src/registry/backup/backup.test.ts",
      "a blob that is lost or spoiled is told, and all the rest is copied",
    ],
  },
  {
    without: "the hold of collection while a backup is made",
    file: "src/cli/registry/upkeep/tasks.ts",
    find: "    using _hold = await registry.collector.hold();\n",
    test: [
      "src/cli/registry/upkeep/tasks.test.ts",
      "nothing is collected while a backup is made, and everything afterwards",
    ],
  },
  {
    without: "the last look at what a repair has put aside",
    file: "src/registry/check/repair.ts",
    find: "      await pushAgain(on, digest, repositories);\n",
    test: [
      "src/registry/check/repair.test.ts",
      "a push that puts a blob anew just before it would be put aside loses nothing",
    ],
  },
  {
    without: "the mode of the control socket",
    file: "src/server/control.ts",
    find: "  const before = process.umask(0o177);\n",
    replace: "  const before = process.umask();\n",
    test: [
      "src/server/control.test.ts",
      "the socket is its owner's alone, whatever the umask, replaces a stale one, and is gone afterwards",
    ],
  },

  // What was answered is told, to nobody else, and without end only as long as there is room.
  {
    without: "the newest event that stays, so that no number comes again",
    file: "src/catalog/sqlite/executeEvents.ts",
    find: "number < (SELECT max(number) FROM event)\n      AND ",
    test: [
      "src/catalog/sqlite/sqlite.test.ts",
      "what all have had is forgotten, and its number is never another's",
    ],
  },
  {
    without: "the limit of events that are kept",
    file: "src/catalog/sqlite/executeEvents.ts",
    find: '    sql.run("DELETE FROM event WHERE number <= ?", last - eventLimit);\n',
    test: ["src/catalog/sqlite/sqlite.test.ts", "who is behind by more than the limit loses the oldest"],
  },
  {
    without: "the note of what an endpoint has had",
    file: "src/notify/sender.ts",
    find: "    await catalog.apply(note).catch(() => {});\n",
    test: [
      "src/notify/sender.test.ts",
      "what was not taken when it ended is told after the next start, under the same ids",
    ],
  },
  {
    without: "the care that no redirect leads events and headers elsewhere",
    file: "src/notify/sender.ts",
    find: "        sameOrigin: true,\n",
    test: ["src/notify/sender.test.ts", "to another server nothing is redirected, and no header goes there"],
  },
  {
    without: "the answer that an endpoint must give",
    file: "src/notify/sender.ts",
    find: "const taken = status >= 200 && status < 300;",
    replace: "const taken = status >= 200;",
    test: ["src/notify/sender.test.ts", "what is refused is sent again"],
  },
  {
    without: "the bound of pulls that are held",
    file: "src/notify/pulls.ts",
    find: "      this.#waiting.splice(0, over);\n",
    test: [
      "src/notify/pulls.test.ts",
      "what cannot be written for long is held up to a bound; the oldest are lost, and counted",
    ],
  },
  {
    without: "the way of a password out of an endpoint's URL",
    file: "src/cli/registry/notificationSettings.ts",
    find: '  url.password = "";\n',
    test: ["src/cli/registry/config/keys.test.ts", "notifications.endpoints.#.url is honoured"],
  },

  // Nobody takes more than there is.
  {
    without: "the room of answers that are held as a whole",
    file: "src/server/v2/blobs.ts",
    find: " && call.holds(end - start)",
    test: [
      "src/server/wholes.test.ts",
      "when clients take nothing the next ones get streams, until those are gone",
    ],
  },
  {
    without: "the room of bodies that are held as a whole",
    file: "src/server/body.ts",
    find: "    held(piece.byteLength);\n",
    test: [
      "src/server/bodies.test.ts",
      "so many bodies are held in memory, then no more, until some are through",
    ],
  },
  {
    without: "the time that a body in memory may take",
    file: "src/server/bodies.ts",
    find: "        if (this.#now() - began > longest)\n",
    replace: "        if (began < -longest)\n",
    test: [
      "src/server/bodies.test.ts",
      "a body that drips is given up after five minutes, and what it held is free",
    ],
  },
  {
    without: "the look at a blob's size before it is read",
    file: "src/registry/chunk.ts",
    find: "  refuseLarger(start + announced, largest);\n",
    test: ["src/server/limits.test.ts", "are refused before anything is read where their size is said"],
  },
  {
    without: "the look at a small blob's size before it is read",
    file: "src/registry/uploads.ts",
    find: "    refuseLarger(size, rules?.largestBlob);\n",
    test: ["src/server/limits.test.ts", "are refused before anything is read where their size is said"],
  },
  {
    without: "the count of a blob's bytes while they come",
    file: "src/registry/chunk.ts",
    find: "ingest.append(body, largest, { safe, given })",
    replace: "ingest.append(body, undefined, { safe, given })",
    test: [
      "src/server/limits.test.ts",
      "are refused while they come where it is not, and by all their chunks together",
    ],
  },
  {
    without: "the limit of wrong passwords",
    file: "src/registry/attempts.ts",
    find: "    if (wait > 0)",
    replace: "    if (wait < 0)",
    test: [
      "src/registry/authenticator.test.ts",
      "who is wrong too often from one address is turned away unheard, until some time has passed",
    ],
  },
  {
    without: "the bound of passwords that wait",
    file: "src/registry/authenticator.ts",
    find: "      if (underWay.size >= waiting)\n",
    replace: "      if (underWay.size < 0)\n",
    test: [
      "src/registry/authenticator.test.ts",
      "who comes when very many wait is told to come again, without a hash",
    ],
  },
  {
    without: "the bound of addresses that are remembered",
    file: "src/registry/buckets.ts",
    find: "    if (this.#buckets.size > most && oldest !== undefined) this.#buckets.delete(oldest);\n",
    test: [
      "src/registry/buckets.test.ts",
      "so many names are remembered, and who was not here for longest is forgotten",
    ],
  },

  // Another registry's data.
  {
    without: "leaving alone a file that has other names when a sync fails",
    file: "src/blobs/ingest.ts",
    find: "      if (this.#sealed) throw lost;\n",
    test: [
      "src/adopt/faults.test.ts",
      "by link, whichever call fails, what is acknowledged is whole, and a repeat has all of it",
    ],
  },
  {
    without: "the mode of a linked file being left alone",
    file: "src/blobs/ingest.ts",
    find: "    if (!this.#sealed) await this.#file.chmod(0o444);",
    replace: "    await this.#file.chmod(0o444);",
    test: ["src/adopt/adopt.test.ts", "the old directory is left as it was by link"],
  },
  {
    without: "the refusal of a symbolic link in an old registry's directory",
    file: "src/adopt/tree.ts",
    find: "await ifThere(this.#fs.lstat(path))",
    replace: "await ifThere(this.#fs.stat(path))",
    test: [
      "src/adopt/broken.test.ts",
      "what is broken there is told, and stops nothing else a blob that is a symbolic link",
    ],
  },
  {
    without: "children before parents in an adoption",
    file: "src/adopt/manifests.ts",
    find: "      if (indexes.has(child.digest)) await once(child.digest).catch(() => {});",
    replace: "      void child;",
    test: ["src/adopt/adopt.test.ts", "indexes in indexes come over whole, however deep they are"],
  },
  {
    without: "the digest of an adopted manifest",
    file: "src/adopt/manifests.ts",
    find: '  verifyBytes(bytes, { mediaType: "", digest, size: file.size });\n',
    test: [
      "src/adopt/broken.test.ts",
      "what is broken there is told, and stops nothing else a manifest that rotted",
    ],
  },
  {
    without: "the tag that an adoption leaves alone",
    file: "src/adopt/tags.ts",
    find: 'expect: force ? "any" : "absent"',
    replace: 'expect: "any"',
    test: ["src/adopt/adopt.test.ts", "a tag that holds something else here stays, and that is told"],
  },
  {
    without: "the refusal to adopt into the old registry's own directory",
    file: "src/cli/registry/adopt/run.ts",
    find: "  await checkApart(source, data);\n",
    test: [
      "src/cli/registry/adopt/run.test.ts",
      "nothing is adopted into the old registry's own directory, whatever way leads there",
    ],
  },
  {
    without: "the refusal to write to a Distribution's data",
    file: "src/cli/registry/served.ts",
    find: "    if (readOnly) return openInPlace(root, tree, needs);",
    replace: "    return openInPlace(root, tree, needs);",
    test: ["src/cli/registry/served.test.ts", "a Distribution's data is never opened to be written to"],
  },
  // Who may do what is asked of everything that is done, and of everything that is shown.
  {
    without: "the question whether a mount's source may be pulled",
    file: "src/registry/repository.ts",
    find: "sources.find(mayPull)",
    replace: "sources.at(0)",
    test: [
      "src/server/access.test.ts",
      "a mount from what the caller may not pull is answered as from what is not there",
    ],
  },
  {
    without: "the question whether a repository may be listed",
    file: "src/server/v2/catalog.ts",
    find: 'access.may(user, "pull", name)',
    replace: 'access.may("root", "pull", name)',
    test: ["src/server/access.test.ts", "the catalogue shows ann what it may pull, in pages of any size"],
  },
  {
    without: "the seal on a name that is not shown",
    file: "src/server/v2/catalog.ts",
    find: "{ behind: seal(next.after) }",
    replace: "{ last: next.after }",
    test: [
      "src/server/access.test.ts",
      "the catalogue goes on behind thousands that are not shown, and names none of them",
    ],
  },
  {
    without: "a right of its own to delete manifests",
    file: "src/server/admission.ts",
    find: '"delete-manifest": "delete"',
    replace: '"delete-manifest": "push"',
    test: ["src/server/access.test.ts", "open/a for bob DELETE manifests/v1 is 403"],
  },
  {
    without: "a right of its own to delete blobs",
    file: "src/server/admission.ts",
    find: '"delete-blob": "delete"',
    replace: '"delete-blob": "push"',
    test: ["src/server/access.test.ts", "open/a for bob DELETE blobs/… is 403"],
  },
  {
    without: "the refusal of wrong credentials where none are needed",
    file: "src/server/admission.ts",
    find: "? { user } : undefined;",
    replace: "? { user } : { user: undefined };",
    test: [
      "src/server/access.test.ts",
      "credentials that are wrong are 401 everywhere, also where nobody need log in",
    ],
  },
  {
    without: "the login that /v2/ asks for",
    file: "src/server/admission.ts",
    find: 'base: "login"',
    replace: 'base: "nothing"',
    test: ["src/server/access.test.ts", "credentials are asked for at /v2/, whatever else is public"],
  },
  {
    without: "the refusal of links in a data directory",
    file: "src/registry/plainFiles.ts",
    find: "own | noFollow",
    replace: "own",
    test: [
      "src/registry/plainFiles.test.ts",
      "a link in a blob's place is not read, and one in an upload's not written to",
    ],
  },
  {
    without: "the refusal of a rule's key that is misspelt",
    file: "src/cli/registry/accessSettings.ts",
    find: "    if (known.includes(name)) continue;\n",
    replace: "    if (known.length > 0) continue;\n",
    test: [
      "src/cli/registry/accessSettings.test.ts",
      "what is misspelt is refused by name, with what was expected: access: {repositories: {a: {pul: users}}}",
    ],
  },

  // A mirror fetches once, gives nothing wrong whole, and is nobody's to change.
  {
    without: "the last byte held back until a mirror's blob is right",
    file: "src/registry/mirror/download.ts",
    find: "Math.min(this.#written, this.blob.size - 1)",
    replace: "this.#written",
    test: mirrored(
      "that turns out wrong breaks its clients' connections: none gets its end, and nothing is kept",
    ),
  },
  {
    without: "the name that nobody logs in by, of a mirror's sessions",
    file: "src/registry/mirror/download.ts",
    find: "user: mirrorUser",
    replace: "user: undefined",
    test: mirrored("is no session of a client's while it comes"),
  },
  {
    without: "the note of how much of a mirror's blob is on the disk",
    file: "src/registry/mirror/download.ts",
    find: "const acknowledged = (await catalog.upload(id))?.offset ?? 0",
    replace: "const acknowledged = 0",
    test: mirrored("whose upstream stays away breaks off; after a restart it goes on where it was"),
  },
  {
    without: "the one download of a blob",
    file: "src/registry/mirror/downloads.ts",
    find: "    if (underWay !== undefined) return underWay;\n",
    test: mirror(
      "a storm of a thousand askers for one blob is one fetch, and of a thousand for one tag, too",
    ),
  },
  {
    without: "the one question about a tag",
    file: "src/registry/mirror/flights.ts",
    find: "      this.#underWay.get(key) ??\n",
    test: mirror(
      "a storm of a thousand askers for one blob is one fetch, and of a thousand for one tag, too",
    ),
  },
  {
    without: "the bound of what one upstream may claim of a mirror's blobs",
    file: "src/registry/mirror/repository.ts",
    find: "super.mount(blob, undefined, this.#mirror.covers)",
    replace: "super.mount(blob)",
    test: failing(
      "a hostile upstream claims to have what another repository of ours keeps: it is not given away",
    ),
  },
  {
    without: "the rules for manifests that a mirror is given",
    file: "src/registry/mirror/repository.ts",
    find: "    await describeManifest(bytes, descriptor.mediaType).catch(asUpstreams);\n",
    test: failing("a hostile upstream gives a manifest that it calls a picture: 502, and it is not kept"),
  },
  {
    without: "the refusal of uploads into a mirror",
    file: "src/registry/uploads.ts",
    find: '    if (this.#isMirror(repository)) throw new RegistryError("mirrored");\n',
    test: mirror("a mirror takes no push, no mount and no delete"),
  },
  {
    without: "the answer that asks for no login when an upstream refuses ours",
    file: "src/registry/mirror/failure.ts",
    find: '  not_allowed: "upstreamRefuses",\n',
    replace: '  not_allowed: "unauthorized",\n',
    test: failing(
      "an upstream that is away refuses us: what is not kept is answered 403, in the specification's form, and asks for no login",
    ),
  },

  // Charts are read once, and an index lists what it may, to whom it may.
  {
    without: "the list of archives to be read",
    file: "src/catalog/sqlite/chartSchema.ts",
    find: "AFTER INSERT ON chart BEGIN\n    INSERT INTO unread (content, attempts)\n      SELECT NEW.content, 0 WHERE NOT",
    replace:
      "AFTER INSERT ON chart BEGIN\n    INSERT INTO unread (content, attempts)\n      SELECT NEW.content, 0 WHERE 0 AND NOT",
    test: [
      "src/catalog/sqlite/sqlite.test.ts",
      "charts an archive is to be read once, whoever names it, until it was",
    ],
  },
  {
    without: "the count of a moved tag's change",
    file: "src/catalog/sqlite/chartSchema.ts",
    find: "AFTER UPDATE ON tag\n    WHEN EXISTS",
    replace: "AFTER UPDATE ON tag\n    WHEN 0 AND EXISTS",
    test: [
      "src/catalog/sqlite/sqlite.test.ts",
      "charts every change of a chart's tag is told once, with the newest last",
    ],
  },
  {
    without: "the end of attempts at an archive that ends the process",
    file: "src/registry/charts/chartReader.ts",
    find: "    if (attempts > attemptLimit)\n",
    replace: "    if (attempts < 0)\n",
    test: [
      "src/registry/charts/chartReader.test.ts",
      "a chart that is pushed is given up when the process ends each time that it is read",
    ],
  },
  {
    without: "the look whether a repository has the archive that an index would list",
    file: "src/registry/classic/placing.ts",
    find: '  if (!chart.present) return misplaced("its archive is not in the repository");\n',
    test: [
      "src/registry/classic/indexes.test.ts",
      "what an index does not list an archive that another repository has opens nothing",
    ],
  },
  {
    without: "the rule that a chart has its repository's name",
    file: "src/registry/classic/placing.ts",
    find: "  if (read.name !== name)\n",
    replace: '  if (read.name === "")\n',
    test: ["src/registry/classic/indexes.test.ts", "what an index does not list is named with the reason"],
  },
  {
    without: "the hash over leaves that were kept",
    file: "src/registry/classic/keptParts.ts",
    find: "  if (hash.digest().compare(file, body.byteLength) !== 0) return parts;\n",
    test: [
      "src/registry/classic/leafFile.test.ts",
      "all is made anew, and right where the file is damaged anywhere, cut short, or empty",
    ],
  },
  {
    without: "the program's version that leaves were kept by",
    file: "src/registry/classic/keptParts.ts",
    find: "  if (header.label !== label) return parts;\n",
    test: [
      "src/registry/classic/leafFile.test.ts",
      "all is made anew, and right where another version of the program kept it",
    ],
  },
  {
    without: "the coding in an index's entity tag",
    file: "src/registry/classic/document.ts",
    find: "suffixes[coding]}",
    replace: '""}',
    test: [
      "src/registry/classic/parts.test.ts",
      "a document of parts has an entity tag of its own for each coding, and the same for the same text",
    ],
  },
  {
    without: "the reader's choice of an index's charts",
    file: "src/server/classic/reach.ts",
    find: '(repository) => access.may(user, "pull", repository)',
    replace: "() => true",
    test: [
      "src/server/classic/door.test.ts",
      "access an index shows what its reader may pull, with an entity tag of its own",
    ],
  },
  {
    without: "the rules at the classic door",
    file: "src/server/classic/reach.ts",
    find: "  if (repository !== undefined && !access.may(user, action, repository)) throw new NotAllowed();\n",
    test: [
      "src/server/classic/door.test.ts",
      "access who is logged in and may not is refused, whether the chart is there or not",
    ],
  },
  // What a pull is told is what the catalog holds.
  {
    without: "forgetting what was remembered once a command is done",
    file: "src/catalog/sqlite/sqlite.ts",
    find: "        remembered.forget(command);\n",
    test: [
      "src/catalog/remembered.test.ts",
      "after each command every question is answered as the database answers it",
    ],
  },
  {
    without: "the question whether a body's author may push anything, before it is read",
    file: "src/server/classic/post.ts",
    find: '  enter(call, "push", prefix);\n  const type',
    replace: "  const type",
    test: ["src/server/classic/door.test.ts", "access of whoever may push nothing there no body is read"],
  },
  {
    without: "the bound on archives whose templates are asked for at once",
    file: "src/registry/registry.ts",
    find: "    if (this.#asking >= askingLimit)\n",
    replace: "    if (this.#asking < 0)\n",
    test: [
      "src/registry/charts/chartReader.test.ts",
      "templates are read of one archive at a time, and who comes when many wait is turned away",
    ],
  },
  {
    without: "the reader in what an index waits for",
    file: "src/registry/classic/indexes.ts",
    find: "shelf.unread(includes)",
    replace: "shelf.unread(() => true)",
    test: ["src/registry/classic/shelf.test.ts", "it does not wait for charts that its reader may not see"],
  },
  // What other sites and upstreams may have this machine do.
  {
    without: "the doubt of a page's name that leads to this machine",
    file: "src/server/front.ts",
    find: "    return from !== null && this.#mayBeRebound(from, request, peer);\n",
    replace: "    return false;\n",
    test: [
      "src/server/attacks/pages.test.ts",
      "of a name that leads to this machine by now changes nothing, unless it is known to be ours",
    ],
  },
  {
    without: "the care on the way to a registry that a mirrored index names",
    file: "src/cli/registry/mirrors.ts",
    find: "way.transport.toStrangers((to) => refusal(home, to))",
    replace: "way.transport",
    test: [
      "src/cli/registry/mirrors.test.ts",
      "nor does a registry that the index of a mirrored repository names",
    ],
  },
  {
    without: "the bound on where a registry leads its mirror",
    file: "src/cli/registry/mirrors.ts",
    find: "way.transport.refusing((to) => refusal(home, to))",
    replace: "way.transport",
    test: [
      "src/cli/registry/mirrors.test.ts",
      "a registry outside leads a mirror to no address inside; one that is inside itself may",
    ],
  },
  {
    without: "the refusal of a manifest that is two kinds at once",
    file: "src/registry/manifests.ts",
    find: "isAmbiguous(document, type)",
    replace: "isAmbiguous(document, type) && false",
    test: [
      "src/server/v2/manifests.test.ts",
      "pushing a manifest that is application/vnd.oci.image.index.v1+json and has members of another type is refused",
    ],
  },
  {
    without: "the refusal of two Hosts",
    file: "src/server/respond.ts",
    find: 'request.headers.get("host")?.includes(",")',
    replace: "false",
    test: ["src/server/attacks/paths.test.ts", "two Hosts are refused, even when they are the same"],
  },
];
