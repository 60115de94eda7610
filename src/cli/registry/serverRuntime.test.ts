import { expect, test } from "bun:test";
import type { Context } from "../context.ts";
import { enterServerRuntime } from "./serverRuntime.ts";

/** With which environment the program is begun anew out of `env`; undefined where it goes on. */
function begunWith(env: Context["env"]): Context["env"] | undefined {
  let next: Context["env"] | undefined;
  enterServerRuntime({
    env,
    restart: (given) => {
      next = given;
    },
  } as Context);
  return next;
}

test("a program is begun anew once, with its environment and what it lacks of the runtime's settings", () => {
  const next = begunWith({ HOME: "/home/me", BUN_JSC_useFTLJIT: "1" });
  expect(next).toEqual({
    HOME: "/home/me",
    BUN_JSC_useFTLJIT: "1",
    BUN_JSC_heapGrowthMaxIncrease: "1.6",
    BUN_JSC_useWarmUpMarkedBlocks: "0",
  });
  expect(begunWith(next ?? {})).toBeUndefined();
});
