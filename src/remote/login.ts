import type { RegistryHost } from "../oci/reference.ts";
import type { Login } from "./credentials/credential.ts";
import { originOf } from "./host.ts";
import type { RemoteOptions } from "./open.ts";
import { Session } from "./session.ts";

/**
 * Ask a registry whether it lets this user in: `GET /v2/`, as distribution-spec's "Determining Support" has it. A registry
 * that nobody need log in to says yes to everyone.
 * @returns whether it said so; false when its token server took the login, and the registry itself has no word for it, as
 *   some that sort logins by path
 * @throws ChartroomError `not_allowed` when it does not, `remote` when it is no registry; HttpError when it is not reached
 */
export async function checkLogin(
  registry: RegistryHost,
  login: Login,
  { transport, plainHttp, tls }: Pick<RemoteOptions, "transport" | "plainHttp" | "tls">,
): Promise<boolean> {
  const credentials = async () => ({ ...login, source: "this login" });
  const origin = originOf(registry, { plainHttp, tls });
  const session = new Session({ origin, registry, transport, credentials });
  const doing = `log in to ${registry}`;
  const answer = await session.send({ doing, method: "GET", to: "/v2/", statuses: [200, 403, 404] });
  if (answer.status === 200) {
    await answer.discard();
    return true;
  }
  const refusal = await session.refusal(answer, doing);
  if (!session.hasToken || refusal.code === "remote") throw refusal;
  return false;
}
