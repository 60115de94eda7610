import { expect } from "bun:test";
import { ours, savedCharts } from "./charts.ts";
import { type Bench, interop, type Registry } from "./support.ts";

const password = "my: päss";

/** Whether our login succeeds. */
async function lets(bench: Bench, { host }: Registry, name: string, secret = password): Promise<boolean> {
  const login = ["registry", "login", host, "-u", name, "--password-stdin"];
  const { exitCode, stderr } = await bench.run("chartroom", login, { stdin: secret });
  if (exitCode !== 0 && exitCode !== 4) throw new Error(`login ended with ${exitCode}:\n${stderr}`);
  return exitCode === 0;
}

interop(
  "a file that htpasswd wrote, named as on the founding page, protects our registry",
  ["htpasswd"],
  async (bench) => {
    const file = bench.path("auth.htpasswd");
    await bench.done("htpasswd", ["-cB", "-b", file, "myuser", password]);
    const registry = await bench.chartroom([], {
      REGISTRY_AUTH: `{htpasswd: {realm: localhost, path: ${file}}}`,
    });
    const [{ ref }] = await savedCharts(bench, `${registry.host}/charts/mychart`, "0.1.0");
    expect(await bench.run("chartroom", ["chart", "push", ref])).toMatchObject({ exitCode: 4 });
    expect(await lets(bench, registry, "myuser", "wrong")).toBe(false);
    expect(await lets(bench, registry, "nobody")).toBe(false);
    expect(await lets(bench, registry, "myuser")).toBe(true);
    expect(await ours(bench, "chart", "push", ref)).toMatchObject({ status: "pushed" });

    // A change of the file is seen within a second or so, without a restart.
    await bench.done("htpasswd", ["-B", "-b", file, "other", password]);
    await bench.done("htpasswd", ["-D", file, "myuser"]);
    const giveUp = Date.now() + 30_000;
    while (!(await lets(bench, registry, "other")) && Date.now() < giveUp) await Bun.sleep(100);
    expect(await lets(bench, registry, "other")).toBe(true);
    expect(await lets(bench, registry, "myuser")).toBe(false);
  },
);

interop(
  "a file that our user commands wrote is good for docker-registry and for htpasswd",
  ["htpasswd", "docker-registry"],
  async (bench) => {
    const file = bench.path("users");
    const change = (command: string, name: string, stdin?: string) =>
      bench.done(
        "chartroom",
        [
          "registry",
          "user",
          command,
          name,
          "--htpasswd",
          file,
          ...(stdin === undefined ? [] : ["--password-stdin"]),
        ],
        stdin === undefined ? {} : { stdin },
      );
    await change("add", "myuser", "old");
    await change("add", "gone", "gone");
    await change("add", "myuser", password);
    await change("remove", "gone");
    await bench.done("htpasswd", ["-v", "-b", file, "myuser", password]);
    for (const [name, secret] of [
      ["myuser", "old"],
      ["gone", "gone"],
    ] as const)
      expect((await bench.run("htpasswd", ["-v", "-b", file, name, secret])).exitCode).not.toBe(0);

    await bench.done("htpasswd", ["-B", "-b", file, "theirs", password]);
    expect(await bench.done("chartroom", ["registry", "user", "list", "--htpasswd", file])).toBe(
      "myuser\ntheirs\n",
    );

    const registry = await bench.distribution(file);
    expect(await lets(bench, registry, "myuser", "old")).toBe(false);
    expect(await lets(bench, registry, "gone", "gone")).toBe(false);
    for (const name of ["myuser", "theirs"]) {
      expect(await lets(bench, registry, name)).toBe(true);
      const [{ ref }] = await savedCharts(bench, `${registry.host}/${name}/mychart`, "0.1.0");
      expect(await ours(bench, "chart", "push", ref)).toMatchObject({ status: "pushed" });
    }
  },
);
