// What each foreign client makes of a registry that lets everyone pull and asks for a login to push: pulls without one, has a
// wrong password refused at its login, pushes once logged in, and is told where a rule says no.
import { expect } from "bun:test";
import { rawEntry, rawTar } from "../../src/testing/archives.ts";
import { chartArchive } from "../../src/testing/charts.ts";
import { type Bench, type Ran, type User, withBench } from "../bench.ts";
import type { Program } from "../programs.ts";
import { archiveFile, savedCharts, storeOf } from "./charts.ts";
import { interop, lines } from "./support.ts";

const ann: User = { name: "ann", password: "pa:ss wörd" };
const bob: User = { name: "bob", password: "other" };
const access = JSON.stringify({
  repositories: {
    "**": { pull: "everyone", push: "users" },
    "team/**": { pull: ["ann", "bob"], push: ["ann"], delete: ["ann"] },
  },
});

interface Client {
  login(host: string, user: User): Promise<Ran>;
  push(host: string, repository: string): Promise<Ran>;
  pull(host: string, repository: string): Promise<Ran>;
}

const clients: Record<string, (bench: Bench) => Promise<Client>> = {
  ...Object.fromEntries(
    (["helm3", "helm4"] as const).map((helm) => [
      helm,
      async (bench: Bench) => {
        const file = await archiveFile(bench, "mychart-0.1.0.tgz", await chartArchive());
        const run = (args: string[], stdin?: string) =>
          bench.run(helm, [...args, "--plain-http"], stdin === undefined ? {} : { stdin });
        return {
          login: (host, { name, password }) =>
            run(["registry", "login", host, "-u", name, "--password-stdin"], password),
          push: (host, repository) => run(["push", file, `oci://${host}/${repository}`]),
          pull: (host, repository) =>
            run(["pull", `oci://${host}/${repository}/mychart`, "--version=0.1.0", "-d", bench.path("tmp")]),
        } satisfies Client;
      },
    ]),
  ),
  oras: async (bench) => {
    await Bun.write(bench.path("small.txt"), "hello\n");
    return {
      login: (host, { name, password }) =>
        bench.run("oras", ["login", host, "-u", name, "--password-stdin", "--plain-http"], {
          stdin: password,
        }),
      push: (host, repository) =>
        bench.run("oras", ["push", `${host}/${repository}/mychart:0.1.0`, "small.txt", "--plain-http"]),
      pull: (host, repository) =>
        bench.run("oras", ["pull", `${host}/${repository}/mychart:0.1.0`, "-o", "pulled", "--plain-http"]),
    };
  },
  crane: async (bench) => {
    await Bun.write(bench.path("layer.tar"), rawTar([rawEntry({ name: "a", content: new Uint8Array(10) })]));
    return {
      // crane checks nothing at its login.
      login: async (host, { name, password }) => {
        await bench.done("crane", ["auth", "login", host, "-u", name, "--password-stdin"], {
          stdin: password,
        });
        return bench.run("crane", ["catalog", host]);
      },
      push: (host, repository) =>
        bench.run("crane", [
          ...["append", "--oci-empty-base", "--new_layer", "layer.tar"],
          ...["--new_tag", `${host}/${repository}/mychart:0.1.0`],
        ]),
      pull: (host, repository) =>
        bench.run("crane", ["pull", "--format=oci", `${host}/${repository}/mychart:0.1.0`, "layout"]),
    };
  },
  regctl: async (bench) => {
    await Bun.write(bench.path("small.txt"), "hello\n");
    const run = async (host: string, args: string[], stdin?: string) => {
      await bench.done("regctl", ["registry", "set", "--tls=disabled", "--skip-check", host]);
      return bench.run("regctl", args, stdin === undefined ? {} : { stdin });
    };
    const file = ["--file=small.txt", "--file-media-type=text/plain"];
    const put = ["artifact", "put", "--artifact-type=application/vnd.test.thing", ...file];
    return {
      login: (host, { name, password }) =>
        run(host, ["registry", "login", host, "-u", name, "--pass-stdin"], password),
      push: (host, repository) => run(host, [...put, `${host}/${repository}/mychart:0.1.0`]),
      pull: (host, repository) => run(host, ["artifact", "get", `${host}/${repository}/mychart:0.1.0`]),
    };
  },
  skopeo: async (bench) => {
    const [chart] = await savedCharts(bench, "localhost/charts/mychart", "0.1.0");
    const quiet = ["--insecure-policy", "copy", "--quiet"];
    return {
      login: (host, { name, password }) =>
        bench.run("skopeo", ["login", host, "-u", name, "--password-stdin", "--tls-verify=false"], {
          stdin: password,
        }),
      push: (host, repository) => {
        const from = `oci:${storeOf(bench)}:${chart.ref}`;
        const to = `docker://${host}/${repository}/mychart:0.1.0`;
        return bench.run("skopeo", [...quiet, "--dest-tls-verify=false", from, to]);
      },
      pull: (host, repository) => {
        const from = `docker://${host}/${repository}/mychart:0.1.0`;
        return bench.run("skopeo", [
          ...quiet,
          "--src-tls-verify=false",
          from,
          `oci:${bench.path("pulled")}:v1`,
        ]);
      },
    };
  },
  chartroom: async (bench) => ({
    login: (host, { name, password }) =>
      bench.run("chartroom", ["registry", "login", host, "-u", name, "--password-stdin"], {
        stdin: password,
      }),
    push: async (host, repository) => {
      const [{ ref }] = await savedCharts(bench, `${host}/${repository}/mychart`, "0.1.0");
      return bench.run("chartroom", ["chart", "push", ref]);
    },
    pull: (host, repository) =>
      bench.run("chartroom", ["chart", "pull", `${host}/${repository}/mychart:0.1.0`]),
  }),
};

const said = ({ stdout, stderr }: Ran) => stdout + stderr;
const expectDone = (ran: Ran) => expect([ran.exitCode, ran.exitCode === 0 ? "" : said(ran)]).toEqual([0, ""]);
const expectRefused = (ran: Ran, why: RegExp) => {
  expect(ran.exitCode).not.toBe(0);
  expect(said(ran)).toMatch(why);
};
const asksForLogin = /401|unauthorized|authentication|credential|password/i;
const denies = /403|denied|forbidden/i;

for (const [name, clientOf] of Object.entries(clients))
  interop(
    `${name} pulls what is everyone's without a login, pushes with one, and is told what a rule forbids`,
    name === "chartroom" ? [] : [name as Program],
    async (bench) => {
      const { host } = await bench.chartroom([ann, bob], { REGISTRY_ACCESS: access });
      const client = await clientOf(bench);
      expectRefused(await client.push(host, "public"), asksForLogin);
      expectRefused(await client.login(host, { ...ann, password: "wrong" }), asksForLogin);
      expectDone(await client.login(host, ann));
      for (const repository of ["public", "team/a"]) expectDone(await client.push(host, repository));

      await withBench(async (other) => {
        const stranger = await clientOf(other);
        expectDone(await stranger.pull(host, "public"));
        expectRefused(await stranger.pull(host, "team/a"), asksForLogin);
        expectDone(await stranger.login(host, bob));
        expectDone(await stranger.pull(host, "team/a"));
        expectRefused(await stranger.push(host, "team/b"), denies);
      });
    },
  );

interop(
  "oras and regctl list all that a login shows, though they show it only when they are asked",
  ["oras", "regctl"],
  async (bench) => {
    const { host } = await bench.chartroom([ann], { REGISTRY_ACCESS: access });
    for (const name of ["oras", "regctl"] as const) {
      const client = await clients[name]!(bench);
      expectDone(await client.login(host, ann));
      for (const repository of ["public", "team/a"]) expectDone(await client.push(host, repository));
      const flags = name === "oras" ? ["--plain-http"] : [];
      const listed = await bench.done(name, ["repo", "ls", host, ...flags]);
      expect([name, lines(listed)]).toEqual([name, ["public/mychart", "team/a/mychart"]]);
    }
  },
);
