// Reads all of a registry's data, on a connection of its own, so that nobody who pushes or pulls waits for it.
import { FilesystemBlobs } from "../../../blobs/filesystem.ts";
import { backup, restore } from "../../../registry/backup/backup.ts";
import { check } from "../../../registry/check/check.ts";
import { checkFiles } from "../../../registry/check/files.ts";
import { dataPathsOf } from "../../../registry/dataPaths.ts";
import { plainFiles as fs } from "../../../registry/plainFiles.ts";
import { failureOf } from "../../exit.ts";
import { compileEagerly } from "../../jit.ts";
import { catalogs } from "../../wiring.ts";
import type { Answer, Job, Question, Told } from "./job.ts";

declare const self: Worker;

// A thread has a policy of its own, and begins with the binary's reluctant one (tools/task.mjs).
compileEagerly();

/** How often progress is told, in ms. */
const interval = 250;

const stop = new AbortController();
const post = (answer: Answer) => self.postMessage(answer);

self.onmessage = ({ data }: MessageEvent<Question>) => {
  if (data.kind === "stop") stop.abort();
  else
    work(data.job).then(
      (done) => post({ kind: "done", done }),
      (error: unknown) => post({ kind: "failed", failure: failureOf(error) }),
    );
};

async function work(job: Job): Promise<unknown> {
  const { signal } = stop;
  const data = dataPathsOf(job.root);
  const tell = (told: Told) => post({ kind: "told", told });
  if (job.kind !== "check") {
    const copy = job.kind === "backup" ? backup : restore;
    const options = { fs, catalogs, verify: false, signal };
    return copy(data, job.to, {
      ...options,
      tell: (lost) => tell({ lost }),
      progress: seldom((copied) => tell({ copied })),
    });
  }
  const { alone, shallow, thorough } = job;
  const catalog = catalogs.read(data.catalog);
  try {
    return await check({
      ...{ catalog, blobs: new FilesystemBlobs(fs, data), alone, shallow, thorough, signal, now: Date.now },
      files: (found) => checkFiles(fs, data, found),
      tell: (finding) => tell({ finding }),
      progress: seldom((looked) => tell({ looked })),
    });
  } finally {
    catalog.close();
  }
}

/** `tell`, a few times a second. */
function seldom<T>(tell: (value: T) => void): (value: T) => void {
  let next = 0;
  return (value) => {
    if (performance.now() < next) return;
    next = performance.now() + interval;
    tell(value);
  };
}
