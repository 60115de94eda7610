// The least program, in whose memory a registry's modules lie as well. It runs none of them.
if (Bun.isMainThread) Object.assign(globalThis, { kept: await import("../../src/cli/registry/serve.ts") });
await import("./uploads.ts");
