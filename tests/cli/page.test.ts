import { expect, test } from "bun:test";
import { withBench } from "../bench.ts";
import { playSession } from "../page/session.ts";

const user = { name: "myuser", password: "mypass" };

for (const [kind, users] of [
  ["open", []],
  ["with users", [user]],
] as const)
  test(`the founding page, against our registry, ${kind}`, async () => {
    await withBench(async (bench) => {
      const { host } = await bench.chartroom(users);
      let steps = 0;
      for await (const { step, right, stdout, stderr } of playSession(bench, host, user.password)) {
        expect({ step: step.args.join(" "), right, stdout, stderr: right ? "" : stderr }).toEqual({
          step: step.args.join(" "),
          right: true,
          stdout,
          stderr: "",
        });
        steps++;
      }
      expect(steps).toBe(9);
    });
  }, 60_000);
