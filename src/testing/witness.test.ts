import { expect, test } from "bun:test";
import { parseTag } from "../oci/reference.ts";
import { blobOf, imageOf, indexOf, pushArtifact } from "./artifacts.ts";
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

test("a witness goes on with what is half sent, and counts on what it mounted", async () => {
  const { blobs, witness, session } = await filled();
  expect(witness.sessions).toEqual([session!]);
  expect(await witness.finish(session!)).toBe(true);
  expect(witness.sessions).toEqual([]);
  const [mounted, pushed] = [image.blobs[1]!, blobOf("nobody has it", undefined, "sha512")];
  for (const blob of [mounted, pushed]) expect(await witness.mount(blob, "a")).toBe(true);
  expect(await witness.lost()).toEqual([]);
  for (const { descriptor } of [blobOf(noise(300)), mounted, pushed]) {
    await blobs.remove(descriptor.digest);
    expect(await witness.lost()).toContain(`/v2/a/blobs/${descriptor.digest}: 500`);
  }
});

test("a witness expects nothing of what was deleted and pushed again without an answer", async () => {
  let silent = false;
  const { ask } = testHandler();
  const witness = new Witness(async (line, body) => {
    const headers = { "content-type": image.descriptor.mediaType };
    const answer = await ask(line, { headers, ...(body !== undefined && { body }) });
    if (silent) throw new Error("the answer is lost");
    return answer;
  }, "a");
  const [config, layer] = image.blobs;
  const push = async () => [
    await witness.blob(layer!, "whole"),
    await witness.blob(config!, "whole"),
    await witness.manifest(image),
  ];
  expect(await push()).not.toContain(false);
  for (const what of [`manifests/${image.descriptor.digest}`, `blobs/${layer!.descriptor.digest}`])
    expect(await witness.remove(what)).toBe(true);
  silent = true;
  expect(await push()).not.toContain(true);
  silent = false;
  expect(await witness.lost()).toEqual([]);
});

test("a witness counts on what it is told of", async () => {
  const { blobs, repository, witness } = await filled();
  const index = indexOf([imageOf([blobOf("a layer")])]);
  witness.trust(index, "v2");
  expect(await witness.lost()).toHaveLength(4);
  await pushArtifact(repository, index, { tags: [parseTag("v2")], expect: "any" });
  expect(await witness.lost()).toEqual([]);
  await blobs.remove(blobOf("a layer").descriptor.digest);
  expect(await witness.lost()).toHaveLength(1);
});
