import { ChartroomError } from "../../oci/errors.ts";
import { faults, RegistryError } from "../../registry/errors.ts";
import { jsonAnswer } from "../answer.ts";
import { errorAnswer } from "../v2/errors.ts";

/** A refusal in ChartMuseum's words (its `multitenant/handlers.go` and `api.go`). */
export class MuseumError extends Error {
  readonly status: number;

  constructor(status: number, message: string) {
    super(message);
    this.status = status;
  }
}

/** A chart's repository that a caller may not reach; a login may help. */
export class NotAllowed extends Error {}

/** What `work` answers, or its refusal as ChartMuseum tells one. What is no refusal goes through. */
export async function museumAnswer(
  challenge: string | undefined,
  work: () => Promise<Response>,
): Promise<Response> {
  try {
    return await work();
  } catch (error) {
    if (error instanceof MuseumError) return jsonAnswer({ error: error.message }, error.status);
    if (error instanceof NotAllowed)
      return challenge === undefined
        ? jsonAnswer({ error: faults.denied.message }, faults.denied.status)
        : jsonAnswer({ error: "unauthorized" }, 401, { "www-authenticate": challenge });
    if (error instanceof RegistryError && error.fault === "tagTaken")
      return jsonAnswer({ error: "file already exists" }, 409);
    if (error instanceof RegistryError && faults[error.fault].status < 500) return told(error);
    if (error instanceof ChartroomError && (error.code === "invalid" || error.code === "usage"))
      return jsonAnswer({ error: error.message }, 400);
    throw error;
  }
}

/** A refusal of the registry's, with what the distribution API would say beside its words. */
function told(error: RegistryError): Response {
  const { status, headers } = errorAnswer(error);
  const kept = (name: string) => headers.get(name) ?? undefined;
  return jsonAnswer({ error: error.message }, status, {
    allow: kept("allow"),
    "retry-after": kept("retry-after"),
  });
}
