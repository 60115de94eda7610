import { blobsSuite } from "./blobs.suite.ts";
import { MemoryBlobs } from "./memory.ts";

blobsSuite("MemoryBlobs", async () => {
  const blobs = new MemoryBlobs();
  return { blobs: () => blobs, reopened: () => blobs, dispose: async () => {} };
});
