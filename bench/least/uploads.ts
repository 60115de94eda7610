// The least program that takes uploads as a registry must, and nothing else: a session is a row, synced by a thread of its own before it
// is answered; bytes are hashed, written in batches, freed and synced. What it holds is the runtime's. `run.ts` puts load on it.
import { Database } from "bun:sqlite";
import { writev } from "node:fs";
import { open, rename } from "node:fs/promises";
import { free } from "../../src/oci/free.ts";

const folder = process.env.LEAST_FOLDER ?? ".";
const rows = `${folder}/rows.db`;
const batchSize = 1024 * 1024;

if (Bun.isMainThread) await serve();
else write();

/** The thread that commits: number, id and size of a row come in, its number goes out once it is on the disk. */
function write(): void {
  const database = new Database(rows);
  database.run("pragma journal_mode = wal");
  database.run("pragma synchronous = full");
  database.run("create table if not exists uploads (id text primary key, size integer)");
  const put = database.query("insert or replace into uploads values (?, ?)");
  self.onmessage = ({ data: [number, id, size] }) => {
    put.run(id, size);
    postMessage(number);
  };
  postMessage(0);
}

async function serve(): Promise<void> {
  const worker = new Worker(import.meta.url, { smol: true });
  const waiting = new Map<number, () => void>();
  const answered = (number: number) =>
    new Promise<void>((resolve) => {
      waiting.set(number, resolve);
    });
  worker.onmessage = ({ data }) => {
    waiting.get(data)?.();
    waiting.delete(data);
  };
  await answered(0);
  let count = 0;
  const commit = (id: string, size: number) => {
    worker.postMessage([++count, id, size]);
    return answered(count);
  };
  const find = new Database(rows, { readonly: true }).query("select size from uploads where id = ?");
  const server = Bun.serve({
    ...{ hostname: "127.0.0.1", port: 0, idleTimeout: 0, maxRequestBodySize: Number.MAX_SAFE_INTEGER },
    async fetch({ method, url, body }) {
      const { pathname } = new URL(url);
      if (method === "POST") {
        const id = crypto.randomUUID();
        await commit(id, 0);
        return new Response(null, { status: 202, headers: { location: pathname + id } });
      }
      const id = pathname.slice(pathname.lastIndexOf("/") + 1);
      if (find.get(id) === null) return new Response(null, { status: 404 });
      const size = await append(`${folder}/${id}`, body);
      if (method === "PUT") await rename(`${folder}/${id}`, `${folder}/${id}.blob`);
      await commit(id, size);
      return new Response(null, { status: method === "PUT" ? 201 : 202, headers: { location: pathname } });
    },
  });
  console.log(server.port);
}

/** Put a body at the end of a file, which is synced then. Gives the file's size. */
async function append(path: string, body: ReadableStream<Uint8Array> | null): Promise<number> {
  await using file = await open(path, "a");
  const hash = new Bun.CryptoHasher("sha256");
  let [batch, size]: [Uint8Array[], number] = [[], 0];
  let writing = Promise.resolve();
  const flush = async () => {
    await writing;
    const pieces = batch;
    [batch, size] = [[], 0];
    writing = new Promise((resolve, reject) =>
      writev(file.fd, pieces, (error) => {
        for (const piece of pieces) free(piece);
        if (error === null) resolve();
        else reject(error);
      }),
    );
    for (const piece of pieces) hash.update(piece);
  };
  for await (const piece of body ?? []) {
    batch.push(piece);
    size += piece.byteLength;
    if (size >= batchSize) await flush();
  }
  await flush();
  await writing;
  await file.datasync();
  hash.digest();
  return (await file.stat()).size;
}
