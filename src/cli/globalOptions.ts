import { type Command, InvalidArgumentError, Option } from "commander";

/** Define the options that every command has, before or after its name. */
export function addGlobalOptions(program: Command): void {
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
