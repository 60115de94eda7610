import { basicChallenge, basicRealm, challenge, type Habit, me, says, token } from "./habit.ts";

/** Harbor, Artifactory, Distribution and zot: registries in one's own house. */
export const houses: readonly Habit[] = [
  {
    registry: "Harbor",
    habit: "says 412 PRECONDITION of a tag that may not be replaced",
    source: "goharbor/harbor src/server/middleware/immutable",
    does: "push",
    script: [
      says(
        "PUT /manifests/",
        412,
        "PRECONDITION",
        "Failed to process request due to 'my/repo:2.0.0' configured as immutable.",
      ),
    ],
    told: ["conflict", "configured as immutable"],
  },
  {
    registry: "Harbor",
    habit: "says 403 DENIED when a project is full",
    source: "goharbor/harbor#11508, #17390",
    does: "push",
    login: me,
    script: [
      basicChallenge,
      says(
        "PUT /blobs/uploads/",
        403,
        "DENIED",
        "adding 29.0 MiB of storage resource, which when updated to current usage of 152.4 MiB will exceed the configured upper limit of 10.0 MiB.",
      ),
    ],
    told: ["not_allowed", "will exceed the configured upper limit"],
  },
  {
    registry: "Harbor",
    habit: "says 401 to a login of a project that is not there",
    source: "goharbor/harbor#966, goharbor/harbor-helm#913",
    does: "push",
    login: me,
    script: [
      challenge,
      token,
      {
        ...challenge,
        on: "POST /blobs/uploads/",
        as: "Bearer",
        error: ["UNAUTHORIZED", "unauthorized to access repository: my/repo, action: push"],
      },
    ],
    told: ["not_allowed", "unauthorized to access repository: my/repo, action: push"],
  },
  {
    registry: "Harbor",
    habit: "has a code of its own for too many requests",
    source: "goharbor/harbor src/lib/errors/const.go",
    does: "read",
    script: [
      {
        on: "* /manifests/",
        times: 1,
        status: 429,
        headers: { "retry-after": "1" },
        error: ["TOO_MANY_REQUEST", "slow down"],
      },
    ],
    told: "done",
  },
  {
    registry: "Artifactory",
    habit: "says 403 MANIFEST_INVALID to who may not replace a tag",
    source: "GoogleContainerTools/kaniko#1095",
    does: "push",
    script: [
      {
        on: "PUT /manifests/",
        status: 403,
        body: {
          errors: [
            {
              code: "MANIFEST_INVALID",
              message: "manifest invalid",
              detail: { description: "HTTP 403 Forbidden" },
            },
          ],
        },
      },
    ],
    told: ["not_allowed", "HTTP 403 MANIFEST_INVALID"],
  },
  {
    registry: "Artifactory",
    habit: "says 404 MANIFEST_UNKNOWN",
    source: "GoogleContainerTools/jib#4153",
    does: "read of what is not there",
    script: [
      challenge,
      token,
      says("GET /manifests/", 404, "MANIFEST_UNKNOWN", "The named manifest is not known to the registry."),
    ],
    told: "nothing there",
  },
  {
    registry: "Artifactory",
    habit: "has errors without a code where it is no registry that answers",
    source: "argoproj-labs/argocd-image-updater#306",
    does: "read",
    script: [
      { on: "* /manifests/", status: 400, body: { errors: [{ status: 400, message: "Bad Request" }] } },
    ],
    told: ["remote", "HTTP 400"],
  },
  {
    registry: "Distribution",
    habit: "answers 405 to DELETE where that is not switched on",
    source: "distribution/distribution#940",
    does: "delete",
    script: [says("DELETE /manifests/", 405, "UNSUPPORTED", "The operation is unsupported.")],
    told: ["not_allowed", "the registry deletes no manifests (HTTP 405). Nothing was deleted"],
  },
  {
    registry: "Distribution",
    habit: "before 3 says 400 DIGEST_INVALID to the DELETE of a tag",
    source: "distribution/distribution 2.8, registry/handlers/manifests.go",
    does: "untag",
    script: [
      says("DELETE /manifests/", 400, "DIGEST_INVALID", "provided digest did not match uploaded content"),
    ],
    told: ["not_allowed", "the registry takes no tag away (HTTP 400). Nothing was deleted"],
  },
  {
    registry: "Distribution",
    habit: "as a pull-through cache answers 405 to a push",
    source: "distribution/distribution registry/proxy/proxyblobstore.go",
    does: "push",
    script: [says("POST /blobs/uploads/", 405, "UNSUPPORTED", "The operation is unsupported.")],
    told: ["not_allowed", "the registry does not do this"],
  },
  {
    registry: "zot",
    habit: "says 401 to nobody",
    source: "project-zot/zot#1727",
    does: "read",
    script: [
      { on: "* /v2/", status: 401, headers: basicRealm, error: ["UNAUTHORIZED", "authentication required"] },
    ],
    told: ["not_allowed", "the registry asks for a login"],
  },
  {
    registry: "zot",
    habit: "and 403 to a login that has not the right",
    source: "project-zot/zot#1726",
    does: "push",
    login: me,
    script: [
      basicChallenge,
      says("POST /blobs/uploads/", 403, "DENIED", "requested access to the resource is denied"),
    ],
    told: ["not_allowed", "not allowed for me (from a test)"],
  },
  {
    registry: "some",
    habit: "say 400 NAME_UNKNOWN or DENIED where others say 404 or 403",
    source: "distribution-spec, Error codes: the code says more than the status",
    does: "push",
    script: [says("POST /blobs/uploads/", 400, "NAME_UNKNOWN", "no such repository")],
    told: ["not_found", "no such repository"],
  },
];
