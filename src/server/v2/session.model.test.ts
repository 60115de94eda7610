import { expect, test } from "bun:test";
import fc from "fast-check";
import { digestOf } from "../../oci/digest.ts";
import { absentDigest } from "../../testing/artifacts.ts";
import { type Carried, testHandler } from "../../testing/handler.ts";
import { noise, streamOf } from "../../testing/streams.ts";

/** A chunk that a client sends: what it says of its range, and what becomes of it on the way. */
interface Sent {
  readonly size: number;
  readonly said: "nothing" | "right" | "shifted" | "longer";
  /** Without a Content-Length; cut off, or not. */
  readonly streams: boolean;
  readonly cut: boolean;
  /** With a PUT; its digest is wrong, so that the session goes on. */
  readonly last: boolean;
}

type Step = Sent | "wrong digest" | "no digest" | "look";

const step: fc.Arbitrary<Step> = fc.oneof(
  {
    weight: 4,
    arbitrary: fc.record({
      size: fc.integer({ min: 0, max: 3000 }),
      said: fc.constantFrom("nothing", "right", "shifted", "longer"),
      streams: fc.boolean(),
      cut: fc.boolean(),
      last: fc.boolean(),
    }),
  },
  fc.constantFrom("wrong digest", "no digest", "look"),
);

/** A request to a session, the status it must get, and what the session must hold afterwards. */
interface Trial {
  readonly line: string;
  readonly carried?: Carried;
  readonly status: number;
  readonly held: Uint8Array;
}

function trialOf(each: Step, location: string, held: Uint8Array, seed: number): Trial {
  const wrong = `PUT ${location}?digest=${absentDigest()}`;
  if (each === "look") return { line: `GET ${location}`, status: 204, held };
  if (each === "no digest") return { line: `PUT ${location}`, status: 400, held };
  if (each === "wrong digest") return { line: wrong, status: 400, held };

  const { size, said, streams, last } = each;
  const cut = streams && each.cut;
  const piece = noise(size, seed);
  const start = held.byteLength + (said === "shifted" ? 1 : 0);
  const length = size + (said === "longer" ? 1 : 0);
  // No range can say "no bytes".
  const placed = said !== "nothing" && length > 0;
  const carried = {
    headers: placed ? { "content-range": `${start}-${start + length - 1}` } : {},
    body: streams ? streamOf(piece, { chunk: 700, ...(cut && { fail: new Error("cut") }) }) : piece,
  };
  const line = last ? wrong : `PATCH ${location}`;
  if (placed && said === "shifted") return { line, carried, status: 416, held };
  if (said === "longer" && !cut) return { line, carried, status: 400, held };
  const taken = Buffer.concat([held, piece]);
  return { line, carried, status: cut ? 500 : last ? 400 : 202, held: taken };
}

test("a session holds what the specification says it holds, whatever was tried", async () => {
  await fc.assert(
    fc.asyncProperty(fc.array(step, { maxLength: 12 }), fc.boolean(), async (steps, finished) => {
      const { ask, blobs } = testHandler();
      const location = (await ask("POST /v2/a/blobs/uploads/")).headers.get("location") ?? "";
      let held: Uint8Array = new Uint8Array();
      for (const [i, each] of steps.entries()) {
        const trial = trialOf(each, location, held, i + 1);
        expect((await ask(trial.line, trial.carried)).status).toBe(trial.status);
        held = trial.held;
        const { headers } = await ask(`GET ${location}`);
        expect(headers.get("upload-offset")).toBe(`${held.byteLength}`);
        expect(headers.get("range")).toBe(`0-${Math.max(0, held.byteLength - 1)}`);
      }

      expect(await Array.fromAsync(blobs.list())).toEqual([]);
      const digest = digestOf(held);
      if (finished) {
        expect((await ask(`PUT ${location}?digest=${digest}`)).status).toBe(201);
        expect(Buffer.compare(await (await ask(`GET /v2/a/blobs/${digest}`)).bytes(), held)).toBe(0);
      } else expect((await ask(`DELETE ${location}`)).status).toBe(204);
      expect((await ask(`GET ${location}`)).status).toBe(404);
      expect(await Array.fromAsync(blobs.ingests())).toEqual([]);
    }),
    { numRuns: 200 },
  );
}, 30_000);
