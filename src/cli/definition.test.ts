import { expect, test } from "bun:test";
import { contextOf } from "../testing/context.ts";
import { Definition } from "./definition.ts";

/** What options come of these words. */
function optionsOf(...words: string[]): object {
  const command = new Definition("garbage-collect", contextOf({ cwd: "/" }))
    .exitOverride()
    .configureOutput({ writeErr: () => {} })
    .argument("[config]")
    .option("-m, --delete-untagged")
    .option("--no-progress")
    .option("--name <name>")
    .option("--plain-http [bool]");
  return command.parse(words, { from: "user" }).opts();
}

test("a flag may say true or false behind it, as Go's programs have it", () => {
  const on = { deleteUntagged: true, progress: true };
  for (const word of ["-m", "-m=true", "--delete-untagged=true", "--delete-untagged=TRUE", "-m=1"])
    expect([word, optionsOf("config.yml", word)]).toEqual([word, on]);
  for (const word of ["-m=false", "--delete-untagged=0"])
    expect([word, optionsOf(word, "config.yml")]).toEqual([word, { progress: true }]);
});

test("what is no flag, and a flag that says something else, stay as they are", () => {
  expect(optionsOf("--name=true", "--plain-http=false")).toMatchObject({ name: "true", plainHttp: "false" });
  for (const word of ["--delete-untagged=perhaps", "--no-progress=true", "--other=true"])
    expect(() => optionsOf(word)).toThrow("unknown option");
});
