// What crash.test.ts starts and kills: puts tags from several hands at once, and names each on stdout once it is told.
import { writeSync } from "node:fs";
import { digestOf } from "../../oci/digest.ts";
import { parseTag, type RepositoryName } from "../../oci/reference.ts";
import { openSqliteCatalog } from "./sqlite.ts";

const [path = "", round = ""] = process.argv.slice(2);
const catalog = await openSqliteCatalog(path);

async function hand(number: number): Promise<void> {
  for (let count = 0; ; count++) {
    const tag = parseTag(`r${round}-h${number}-${count}`);
    const bytes = new TextEncoder().encode(tag);
    await catalog.apply({
      kind: "put-manifest",
      repository: "crash" as RepositoryName,
      descriptor: { mediaType: "application/json", digest: digestOf(bytes), size: bytes.byteLength },
      bytes,
      tags: [tag],
      expect: "absent",
      blobs: [],
      optional: [],
      manifests: [],
      subject: undefined,
      artifactType: undefined,
      annotations: {},
      at: 1,
    });
    writeSync(1, `${tag}\n`);
  }
}
await Promise.all(Array.from({ length: 8 }, (_, number) => hand(number)));
