import type { FileSystem } from "./filesystem.ts";

/** How much of a file is read at once, in bytes. */
const piece = 64 * 1024;

/** A file's bytes from its beginning to its end. The stream fails with node's error, also when there is no such file. */
export function streamFile(fs: FileSystem, path: string): ReadableStream<Uint8Array> {
  const opened = fs.open(path, "r");
  opened.catch(() => {}); // told by the first read
  let at = 0;
  return new ReadableStream<Uint8Array>({
    pull: async (controller) => {
      const buffer = new Uint8Array(piece);
      const { bytesRead } = await (await opened).read(buffer, 0, piece, at);
      at += bytesRead;
      if (bytesRead > 0) return controller.enqueue(buffer.subarray(0, bytesRead));
      await (await opened).close();
      controller.close();
    },
    cancel: async () => (await opened).close(),
  });
}
