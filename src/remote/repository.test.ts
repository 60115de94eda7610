import { Transport } from "../http/transport.ts";
import { tryRepositoryName } from "../oci/reference.ts";
import { repositorySuite } from "../oci/repository.suite.ts";
import { oldRegistry, testRegistry } from "../testing/registry.ts";
import { openRemote } from "./open.ts";

for (const [name, make] of [
  ["remote", testRegistry],
  ["remote without an API for referrers", oldRegistry],
] as const)
  repositorySuite(name, async () => {
    const registry = make();
    const transport = new Transport({ userAgent: "test" });
    const repository = openRemote(
      { registry: registry.host, repository: tryRepositoryName("my/repo")! },
      { transport },
    );
    return { repository, close: () => registry.stop() };
  });
