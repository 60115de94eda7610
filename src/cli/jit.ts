/**
 * Work lies ahead that is worth compiling. The binary starts with the JIT eight times as reluctant as usual (tools/task.mjs),
 * which takes a fifth off the time of a quick command; whoever packs, hashes or serves calls this first.
 */
export const compileEagerly = (): void => Bun.unsafe.setJITPolicy(1);
