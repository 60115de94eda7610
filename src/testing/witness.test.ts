import { expect, test } from "bun:test";
import { blobOf, imageOf } from "./artifacts.ts";
import { testHandler } from "./handler.ts";
import { noise } from "./streams.ts";
import { Witness } from "./witness.ts";

const image = imageOf([blobOf(noise(1_000))]);
const subject = image.descriptor.digest;
const referrer = imageOf([], { subject: image.descriptor });

/** A registry that holds all that a witness pushed, and the witness. */
async function filled() {
  const { ask, blobs, repository } = testHandler();
  const witness = new Witness(
    (line, body, type = "application/octet-stream") =>
      ask(line, { headers: { "content-type": type }, ...(body !== undefined && { body }) }),
    "a",
  );
  for (const blob of image.blobs) expect(await witness.blob(blob, "session")).toBe(true);
  expect(await witness.manifest(image, "v1")).toBe(true);
  expect(await witness.manifest(referrer, undefined, subject)).toBe(true);
  const session = await witness.half(blobOf(noise(300)));
  expect(await witness.lost()).toEqual([]);
  return { ask, blobs, repository: repository("a"), witness, session };
}

test("a witness misses each thing that was acknowledged", async () => {
  const { ask, blobs, repository, witness, session } = await filled();
  const tag = `/v2/a/manifests/v1`;
  await ask(`DELETE ${tag}`);
  expect(await witness.lost()).toEqual([`${tag}: 404`]);
  await repository.delete(referrer.descriptor.digest);
  expect(await witness.lost()).toContain(`referrer ${referrer.descriptor.digest} of ${subject}`);
  await ask(`DELETE ${session}`);
  expect(await witness.lost()).toContain(`${session}: 404, null, expected 150 bytes`);
  const { digest } = image.blobs[1]!.descriptor;
  await blobs.remove(digest);
  expect(await witness.lost()).toContain(`/v2/a/blobs/${digest}: 500`);
});

test("a witness sees what was deleted and came back", async () => {
  const { ask, witness } = await filled();
  expect(await witness.remove("manifests/v1")).toBe(true);
  expect(await witness.lost()).toEqual([]);
  const headers = { "content-type": image.descriptor.mediaType };
  await ask("PUT /v2/a/manifests/v1", { headers, body: image.bytes });
  expect(await witness.lost()).toEqual(["/v2/a/manifests/v1: 200"]);
});
