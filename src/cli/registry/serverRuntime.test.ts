import { expect, test } from "bun:test";
import type { Context } from "../context.ts";
import { enterServerRuntime } from "./serverRuntime.ts";

/** With which environment the program is begun anew out of `env`; undefined where it goes on. */
async function begunWith(env: Context["env"], signal = new AbortController().signal) {
  let next: Context["env"] | undefined;
  const restart = (given: Context["env"]) => {
    next = given;
  };
  await enterServerRuntime({ env, restart, signal } as Context);
  return next;
}

test("a program is begun anew once, with its environment and what it lacks of the runtime's settings", async () => {
  const next = await begunWith({ HOME: "/home/me", BUN_JSC_useFTLJIT: "1" });
  expect(next).toEqual({
    HOME: "/home/me",
    BUN_JSC_useFTLJIT: "1",
    BUN_JSC_heapGrowthMaxIncrease: "1.6",
    BUN_JSC_useWarmUpMarkedBlocks: "0",
  });
  expect(await begunWith(next ?? {})).toBeUndefined();
});

test("a program that was asked to end, just now too, is not begun anew", async () => {
  const asked = new AbortController();
  const begun = begunWith({}, asked.signal);
  asked.abort();
  expect(await begun).toBeUndefined();
});
