import { describe, expect, test } from "bun:test";
import fc from "fast-check";
import { blobOf } from "../testing/artifacts.ts";
import { codeOf, failureOf } from "../testing/errors.ts";
import { bytesOf, noise, streamOf } from "../testing/streams.ts";
import { readVerified, verify, verifyBytes } from "./verify.ts";

describe("verify", () => {
  const blob = blobOf(noise(50_000));
  const { bytes, descriptor } = blob;

  test("what matches goes through, in any chunks, under either algorithm", async () => {
    await fc.assert(
      fc.asyncProperty(
        fc.uint8Array({ maxLength: 500 }),
        fc.integer({ min: 1, max: 100 }),
        fc.constantFrom("sha256" as const, "sha512" as const),
        async (content, chunk, algorithm) => {
          const some = blobOf(content, undefined, algorithm);
          verifyBytes(content, some.descriptor);
          expect(await bytesOf(verify(streamOf(content, { chunk }), some.descriptor))).toEqual(content);
          expect(await readVerified(streamOf(content, { chunk }), some.descriptor)).toEqual(content);
        },
      ),
      { numRuns: 50 },
    );
  });

  const changed = bytes.slice();
  changed[31_000]! ^= 1;
  const wrong = {
    "one bit changed": changed,
    "one byte short": bytes.slice(0, -1),
    "one byte long": new Uint8Array([...bytes, 0]),
    nothing: new Uint8Array(),
  };
  for (const [what, content] of Object.entries(wrong))
    test(`${what} is not verified`, async () => {
      expect(await codeOf(() => verifyBytes(content, descriptor))).toBe("not_verified");
      expect(await codeOf(bytesOf(verify(streamOf(content), descriptor)))).toBe("not_verified");
      expect(await codeOf(readVerified(streamOf(content), descriptor))).toBe("not_verified");
    });

  test("a stream without end is cut off as soon as it is too long", async () => {
    let pulled = 0;
    let cancelled = false;
    const endless = new ReadableStream<Uint8Array>({
      pull(controller) {
        pulled += 10_000;
        if (pulled > 10 * descriptor.size) controller.error(new Error("it was read on and on"));
        else controller.enqueue(bytes.slice(0, 10_000));
      },
      cancel() {
        cancelled = true;
      },
    });
    expect(await codeOf(readVerified(endless, descriptor))).toBe("not_verified");
    expect(cancelled).toBe(true);
    expect(pulled).toBeLessThan(2 * descriptor.size);
  });

  test("takes no memory for a size that is only claimed", async () => {
    const claimed = { ...descriptor, size: Number.MAX_SAFE_INTEGER };
    expect(await codeOf(readVerified(streamOf(bytes), claimed))).toBe("not_verified");
  });

  test("lets go of its source when nobody reads on, and passes its failure on", async () => {
    const gone = Promise.withResolvers<unknown>();
    const source = new ReadableStream<Uint8Array>({
      pull: (controller) => controller.enqueue(bytes.slice(0, 10)),
      cancel: gone.resolve,
    });
    await verify(source, descriptor).cancel("enough");
    expect(await gone.promise).toBe("enough");
    const fail = new Error("the disk broke");
    const broken = streamOf(bytes.slice(0, 20_000), { fail });
    expect(await failureOf(readVerified(broken, descriptor))).toBe(fail);
  });
});
