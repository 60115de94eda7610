import { basicChallenge, challenge, type Habit, says, token } from "./habit.ts";

/** ECR, ACR and GAR: registries that know the logins of a cloud. */
export const clouds: readonly Habit[] = [
  {
    registry: "ECR",
    habit: "asks for Basic, and makes no repository by itself",
    source: "helm/helm#10169",
    does: "push",
    login: { username: "AWS", password: "minted" },
    script: [
      basicChallenge,
      says(
        "POST /blobs/uploads/",
        404,
        "NAME_UNKNOWN",
        "The repository with name 'my/repo' does not exist in the registry with id '1'",
      ),
    ],
    told: ["not_found", "does not exist in the registry"],
  },
  {
    registry: "ECR",
    habit: "answers a login that has ended with 403 and no challenge",
    source: "flipt-io/flipt#3043",
    does: "read",
    login: { username: "AWS", password: "minted" },
    script: [
      basicChallenge,
      says("* /v2/", 403, "DENIED", "Your authorization token has expired. Reauthenticate and try again."),
    ],
    told: ["not_allowed", "the login of AWS (from a test) has expired"],
  },
  {
    registry: "ECR",
    habit: "says with 400 TAG_INVALID that a tag may not be replaced",
    source: "osscontainertools/kaniko#204",
    does: "push",
    script: [
      says(
        "PUT /manifests/",
        400,
        "TAG_INVALID",
        "The image tag '2.0.0' already exists in the 'my/repo' repository and cannot be overwritten because the tag is immutable.",
      ),
    ],
    told: ["conflict", "the registry lets nobody replace this tag"],
  },
  {
    registry: "ECR",
    habit: "answers HEAD with 400 where it does not like the tag",
    source: "bazel-contrib/rules_oci#720",
    does: "push",
    script: [{ on: "HEAD /manifests/", status: 400 }],
    told: "done",
  },
  {
    registry: "ECR Public",
    habit: "refuses a login that has ended for what nobody need log in to",
    source: "awslabs/eksdemo#68",
    does: "read",
    login: { username: "AWS", password: "minted" },
    script: [
      challenge,
      {
        on: "GET /token",
        as: "Basic",
        status: 403,
        error: ["DENIED", "Your authorization token has expired. Reauthenticate and try again."],
      },
      token,
    ],
    told: "done",
  },
  {
    registry: "ACR",
    habit: "takes an identity token by POST, with an empty name",
    source: "Azure/acr#47",
    does: "login",
    login: { username: "", identityToken: "refresh" },
    script: [challenge, { on: "POST /token", status: 200, body: { access_token: "t" } }],
    told: "done",
  },
  {
    registry: "ACR",
    habit: "takes it as a password too, with a name of zeros",
    source: "MicrosoftDocs/azure-docs#72444",
    does: "login",
    login: { username: "00000000-0000-0000-0000-000000000000", password: "refresh" },
    script: [challenge, { on: "GET /token", as: "Basic", status: 200, body: { access_token: "t" } }],
    told: "done",
  },
  {
    registry: "ACR",
    habit: "answers 405 to a push over what is locked",
    source: "Azure/azure-sdk-for-net#22827",
    does: "push",
    script: [
      says(
        "PUT /manifests/",
        405,
        "REGISTRY_DISALLOWED_OPERATION",
        "The operation is disallowed on this registry, repository or image.",
      ),
    ],
    told: ["not_allowed", "The operation is disallowed on this registry, repository or image."],
  },
  {
    registry: "GAR",
    habit: "refuses at its token server what may not be or is not there",
    source: "GoogleContainerTools/skaffold#6743",
    does: "read",
    login: { username: "oauth2accesstoken", password: "ya29" },
    script: [
      challenge,
      says(
        "GET /token",
        403,
        "DENIED",
        'Permission "artifactregistry.repositories.downloadArtifacts" denied on resource "r" (or it may not exist)',
      ),
    ],
    told: ["not_allowed", "not allowed for oauth2accesstoken (from a test), or there is no such repository"],
  },
  {
    registry: "GAR",
    habit: "takes a key of several lines for a password",
    source: "cloud.google.com/artifact-registry/docs/docker/authentication, JSON key",
    does: "login",
    login: { username: "_json_key", password: '{\n  "type": "service_account"\n}\n' },
    script: [challenge, { on: "GET /token", as: "Basic", status: 200, body: { token: "t" } }],
    told: "done",
  },
];
