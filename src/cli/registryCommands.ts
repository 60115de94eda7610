import { Option } from "commander";
import type { Definition } from "./definition.ts";
import { addUpkeepCommands } from "./upkeepCommands.ts";

const dataOption = () =>
  new Option("--data <dir>", "where the registry keeps its data").env("CHARTROOM_DATA");
const htpasswdOption = () =>
  new Option("--htpasswd <file>", "who may enter: a file as htpasswd -B makes it").env("CHARTROOM_HTPASSWD");

/** Define `registry …`: logins to registries, and being one. */
export function addRegistryCommands(registry: Definition): void {
  registry
    .add(
      "login <host[/path]>",
      "login to a registry",
      async () => (await import("./registry/login.ts")).login,
    )
    .option("-u, --username <user>", "registry username")
    .option("-p, --password <password>", "registry password (better: --password-stdin)")
    .option("--password-stdin", "read the password from standard input")
    .option("--insecure", "allow connections to a TLS registry without verifying its certificate")
    .addOption(
      new Option("--explain", "say which login would be used, from where and why; log in nowhere").conflicts([
        "username",
        "password",
        "passwordStdin",
      ]),
    )
    .examples(
      "registry login -u myuser localhost:5000",
      "registry login -u ci --password-stdin example.com/team < secret",
      "registry login --explain charts.example.com/team/mychart",
    )
    .notes("An empty username makes the secret an identity token.");
  registry
    .add(
      "logout <host[/path]>",
      "logout from a registry",
      async () => (await import("./registry/logout.ts")).logout,
    )
    .examples("registry logout localhost:5000");
  registry
    .add("serve [config]", "be a registry", async () => (await import("./registry/serve.ts")).serve)
    .addOption(
      new Option("--addr <host:port>", "where to listen; :5000 is every interface").env("CHARTROOM_ADDR"),
    )
    .addOption(dataOption())
    .addOption(htpasswdOption())
    .option("--anonymous-pull", "let everyone pull; pushes and deletes need a login")
    .addOption(
      new Option("--tls-cert <file>", "certificate chain in PEM: serve https").env("CHARTROOM_TLS_CERT"),
    )
    .addOption(new Option("--tls-key <file>", "its private key in PEM").env("CHARTROOM_TLS_KEY"))
    .addOption(
      new Option(
        "--mirror <name=url>",
        "mirror a chart repository or oci://HOST below NAME; repeatable",
      ).argParser((value: string, before: string[] = []) => [...before, value]),
    )
    .option("--read-only", "refuse pushes and deletes; a Distribution's data is served where it lies")
    .examples(
      "registry serve",
      "registry serve --addr :5000 --data ./registry",
      "registry serve --htpasswd auth.htpasswd",
      "registry serve --htpasswd auth.htpasswd --anonymous-pull",
      "registry serve /etc/distribution/config.yml",
    );

  addUpkeepCommands(registry, dataOption);
  registry
    .add(
      "adopt <dir>",
      "take over the data of a CNCF Distribution",
      async () => (await import("./registry/adopt/run.ts")).adoptDirectory,
    )
    .addOption(dataOption())
    .addOption(new Option("--copy", "copy all files, and share none").conflicts("link"))
    .option("--link", "only link files, and copy none: fails on another disk")
    .option("--force", "move tags that hold something else here")
    .option("--dry-run", "only say what would be adopted; blobs are not read")
    .examples(
      "registry adopt /var/lib/registry",
      "registry adopt /etc/docker/registry/config.yml --data ./registry",
    )
    .notes(
      "DIR is the root directory of a CNCF Distribution 2 or 3 (docker/registry/v2 is in it), or its config.yml. Every blob is read against its digest, and has the same digest afterwards. Nothing in DIR is changed: on the same disk the two share files by hard links, elsewhere files are copied. What is here is left alone, so it may be interrupted and run again, and brings what came since.",
    )
    .notes("One thing that is broken there does not stop the rest; the exit code is then 1.");

  const user = registry.group("user", "who may enter our own registry");
  user
    .add(
      "add <name>",
      "add a user, or change a password",
      async () => (await import("./registry/user.ts")).addUser,
    )
    .option("--password-stdin", "read the password from standard input")
    .addOption(htpasswdOption())
    .addOption(dataOption())
    .examples("registry user add myuser");
  user
    .add("remove <name>", "remove a user", async () => (await import("./registry/user.ts")).removeUser)
    .alias("rm")
    .addOption(htpasswdOption())
    .addOption(dataOption())
    .examples("registry user remove myuser");
  user
    .add("list", "list the users", async () => (await import("./registry/user.ts")).listUsers)
    .alias("ls")
    .addOption(htpasswdOption())
    .addOption(dataOption())
    .examples("registry user list", "registry user list --htpasswd auth.htpasswd");
}
