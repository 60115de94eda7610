import { expect, test } from "bun:test";
import { stateDirectory } from "./state.ts";

test.each<[NodeJS.Platform, Record<string, string>, string]>([
  ["linux", { HOME: "/home/me" }, "/home/me/.local/state/chartroom"],
  ["linux", { HOME: "/home/me", XDG_STATE_HOME: "/state" }, "/state/chartroom"],
  ["darwin", { HOME: "/Users/me" }, "/Users/me/Library/Application Support/chartroom"],
  ["darwin", { HOME: "/Users/me", XDG_STATE_HOME: "/state" }, "/state/chartroom"],
  ["win32", { LOCALAPPDATA: "/local" }, "/local/chartroom"],
])("on %s with %p it is %s", (platform, env, directory) => {
  expect(stateDirectory({ platform, env })).toBe(directory);
});
