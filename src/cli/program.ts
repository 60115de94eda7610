import { Command, InvalidArgumentError, Option } from "commander";
import { version } from "../../package.json";
import type { Context } from "./context.ts";
import { nearest } from "./suggest.ts";
import { addTopics } from "./topics.ts";

/** A command's work: its arguments, its options with the global ones, and the world. */
type Action = (args: string[], options: never, context: Context) => Promise<void>;
/** Commands are loaded when they run: starting up costs the same however many there are. */
type Load = () => Promise<Action>;

const footer = `
See also: chartroom help COMMAND, help exit-codes, help environment.`;

/** The whole tree of commands, with help. Parsing throws `CommanderError`; `cli/run.ts` turns it into an exit code. */
export function makeProgram(context: Context): Command {
  const program = new Command("chartroom")
    .description("The home of Helm charts: client, local store and registry in one program")
    .version(version, "--version", "print the version")
    .helpOption("-h, --help", "show help")
    .addHelpText("after", footer)
    .showSuggestionAfterError()
    .exitOverride()
    .configureOutput({
      writeOut: (text) => context.write(text),
      writeErr: () => {}, // printed once, by run.ts, in our own words
      getOutHasColors: () => false,
      getErrHasColors: () => false,
    })
    .configureHelp({ showGlobalOptions: true, sortSubcommands: false, helpWidth: 80 });
  addGlobalOptions(program);

  const add = (parent: Command, usage: string, summary: string, load: Load): Command =>
    parent
      .command(usage)
      .summary(summary)
      .description(`${summary[0]?.toUpperCase()}${summary.slice(1)}.`)
      .copyInheritedSettings(parent)
      .allowExcessArguments(false)
      .action(async (...given) => {
        const command = given.at(-1) as Command;
        const run = await load();
        await run(command.args, command.optsWithGlobals() as never, context);
      });
  const group = (parent: Command, name: string, summary: string): Command =>
    asGroup(
      parent
        .command(name)
        .summary(summary)
        .description(`${summary[0]?.toUpperCase()}${summary.slice(1)}.`)
        .copyInheritedSettings(parent),
    );

  addChartCommands(group(program, "chart", "push, pull, tag, or remove Helm charts"), add);
  const registry = group(program, "registry", "login to or logout from a registry, or be one");
  addRegistryCommands(registry, add, group);
  add(
    program,
    "version",
    "print the version",
    async () => (await import("./version.ts")).printVersion,
  ).addHelpText("after", "\nExamples:\n  $ chartroom version -o json");
  addTopics(program, context);
  return asGroup(program);
}

/** A command that is only a group of others: alone it shows its help, and `help WORD…` that of what the words lead to. */
const asGroup = (command: Command): Command =>
  command
    .helpCommand(false)
    .allowExcessArguments()
    .action(() => {
      const [word = "help", ...rest] = command.args;
      const found = word === "help" ? rest.reduce(subcommand, command) : subcommand(command, word);
      found.outputHelp();
    });

/** The command of a group that a word names; an error of the group with what was probably meant when there is none. */
function subcommand(group: Command, word: string): Command {
  const named = (each: Command) => [each.name(), ...each.aliases()];
  const found = group.commands.find((each) => named(each).includes(word));
  if (found !== undefined) return found;
  const meant = nearest(word, group.commands.flatMap(named));
  const suggestion = meant === undefined ? "" : `\n(Did you mean ${meant}?)`;
  return group.error(`error: unknown command '${word}'${suggestion}`);
}

/** The options of a command that talks to one registry, for a login that is kept nowhere. */
const withLogin = (command: Command): Command =>
  command
    .option("-u, --username <user>", "log in as this user, for this command alone")
    .option("--password-stdin", "with the password on standard input");

type Add = (parent: Command, usage: string, summary: string, load: Load) => Command;

function addChartCommands(chart: Command, add: Add): void {
  const storeOption = () =>
    new Option("--store <dir>", "the store: an OCI Image Layout directory").env("CHARTROOM_STORE");
  const example = (text: string) => `\nExamples:\n${text.replace(/^/gm, "  $ chartroom chart ")}`;

  add(
    chart,
    "save <path> <ref>",
    "save a chart directory or archive to the store",
    async () => (await import("./chart/save.ts")).save,
  )
    .addOption(storeOption())
    .addOption(
      new Option("--media-type <type>", "what to write: current, or helm3.0 for Helm 3.0 to 3.6")
        .choices(["current", "helm3.0"])
        .default("current"),
    )
    .addHelpText(
      "after",
      example(
        "save mychart/ localhost:5000/myrepo/mychart:2.7.0\nsave mychart-0.1.0.tgz localhost:5000/myrepo/mychart",
      ),
    )
    .addHelpText(
      "after",
      "\nWithout a tag, the chart's version is the tag. A directory is packed\nreproducibly; an archive keeps its bytes, and the .prov beside it.",
    );
  add(chart, "list", "list all saved charts", async () => (await import("./chart/list.ts")).list)
    .alias("ls")
    .option("--filter <glob>", "only references that match, e.g. '*/mychart:*'")
    .addOption(storeOption())
    .addHelpText("after", example("list\nlist --filter 'localhost:5000/*' -o json"));
  add(
    chart,
    "export <ref>",
    "export a chart to a directory",
    async () => (await import("./chart/export.ts")).exportChart,
  )
    .option("-d, --destination <dir>", "where to write the chart", ".")
    .option("--force", "replace files that differ")
    .option("--archive", "write the exact .tgz, and its .prov, instead of a directory")
    .addOption(storeOption())
    .addHelpText("after", example("export localhost:5000/myrepo/mychart:2.7.0 -d charts/"));
  withLogin(
    add(
      chart,
      "push <ref>",
      "push a chart to a registry",
      async () => (await import("./chart/push.ts")).push,
    ),
  )
    .option("--force", "replace a tag that holds another chart")
    .addOption(storeOption())
    .addHelpText("after", example("push localhost:5000/myrepo/mychart:2.7.0"));
  withLogin(
    add(
      chart,
      "pull <ref>",
      "pull a chart from a registry",
      async () => (await import("./chart/pull.ts")).pull,
    ),
  )
    .addOption(storeOption())
    .addHelpText("after", example("pull localhost:5000/myrepo/mychart:2.7.0"));
  add(
    chart,
    "remove <ref>",
    "remove a chart from the store",
    async () => (await import("./chart/remove.ts")).remove,
  )
    .alias("rm")
    .addOption(storeOption())
    .addHelpText("after", example("remove localhost:5000/myrepo/mychart:2.7.0"))
    .addHelpText("after", "\nThe content stays until `chartroom chart prune` frees what nothing refers to.");
  add(
    chart,
    "tag <ref> <newref>",
    "give a saved chart another reference",
    async () => (await import("./chart/tag.ts")).tag,
  )
    .addOption(storeOption())
    .addHelpText("after", example("tag localhost:5000/mychart:2.7.0 localhost:5000/mychart:new"));
  add(
    chart,
    "prune",
    "free what no saved chart refers to",
    async () => (await import("./chart/prune.ts")).prune,
  )
    .option("--dry-run", "only say what would be freed")
    .addOption(storeOption())
    .addHelpText("after", example("prune --dry-run"));
  add(chart, "check", "verify the store bit by bit", async () => (await import("./chart/check.ts")).check)
    .addOption(storeOption())
    .addHelpText("after", example("check"));
}

function addRegistryCommands(
  registry: Command,
  add: Add,
  group: (parent: Command, name: string, summary: string) => Command,
): void {
  const example = (text: string) => `\nExamples:\n${text.replace(/^/gm, "  $ chartroom registry ")}`;
  const dataOption = () =>
    new Option("--data <dir>", "where the registry keeps its data").env("CHARTROOM_DATA");
  const htpasswdOption = () =>
    new Option("--htpasswd <file>", "who may enter: a file as htpasswd -B makes it").env(
      "CHARTROOM_HTPASSWD",
    );

  add(
    registry,
    "login <host>",
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
    .addHelpText(
      "after",
      `${example("login -u myuser localhost:5000\nlogin -u ci --password-stdin charts.example.com < secret\nlogin --explain charts.example.com/team/mychart")}
\nHOST/PATH is for what lies below that path. An empty username makes the secret
an identity token.`,
    );
  add(
    registry,
    "logout <host>",
    "logout from a registry",
    async () => (await import("./registry/logout.ts")).logout,
  ).addHelpText("after", example("logout localhost:5000"));
  add(registry, "serve", "be a registry", async () => (await import("./registry/serve.ts")).serve)
    .addOption(
      new Option("--addr <host:port>", "where to listen; :5000 is every interface").env("CHARTROOM_ADDR"),
    )
    .addOption(dataOption())
    .addOption(htpasswdOption())
    .addOption(
      new Option("--tls-cert <file>", "certificate chain in PEM: serve https").env("CHARTROOM_TLS_CERT"),
    )
    .addOption(new Option("--tls-key <file>", "its private key in PEM").env("CHARTROOM_TLS_KEY"))
    .addHelpText(
      "after",
      example("serve\nserve --addr :5000 --data ./registry\nserve --htpasswd auth.htpasswd"),
    );

  const user = group(registry, "user", "who may enter our own registry");
  const userExample = (text: string) => example(text.replace(/^/gm, "user "));
  add(
    user,
    "add <name>",
    "add a user, or change a password",
    async () => (await import("./registry/user.ts")).addUser,
  )
    .option("--password-stdin", "read the password from standard input")
    .addOption(htpasswdOption())
    .addOption(dataOption())
    .addHelpText("after", userExample("add myuser"));
  add(user, "remove <name>", "remove a user", async () => (await import("./registry/user.ts")).removeUser)
    .alias("rm")
    .addOption(htpasswdOption())
    .addOption(dataOption())
    .addHelpText("after", userExample("remove myuser"));
  add(user, "list", "list the users", async () => (await import("./registry/user.ts")).listUsers)
    .alias("ls")
    .addOption(htpasswdOption())
    .addOption(dataOption())
    .addHelpText("after", userExample("list\nlist --htpasswd auth.htpasswd"));
}

/** Options that every command has, before or after its name. */
function addGlobalOptions(program: Command): void {
  program
    .addOption(
      new Option("-o, --output <format>", "table or json").choices(["table", "json"]).default("table"),
    )
    .option("-q, --quiet", "print only the essential line")
    .option("--debug", "trace what goes over the wire to standard error, secrets left out")
    .addOption(new Option("--color <when>", "colours on a terminal").choices(["auto", "always", "never"]))
    .option("--no-progress", "show no progress")
    .option("--no-input", "ask nothing; fail where an answer is needed")
    .addOption(
      new Option("--plain-http [bool]", "speak http; =false asks for https of loopback hosts too")
        .preset("true")
        .argParser((value) => {
          if (value === "true" || value === "false") return value === "true";
          throw new InvalidArgumentError("Expected true or false.");
        }),
    )
    .option("--insecure-skip-tls-verify", "do not verify the registry's certificate")
    .option("--ca-file <file>", "certificates in PEM to trust beside the system's")
    .option("--cert-file <file>", "client certificate in PEM")
    .option("--key-file <file>", "its private key in PEM")
    .addOption(
      new Option("--registry-config <file>", "where credentials are kept").env("HELM_REGISTRY_CONFIG"),
    );
}
