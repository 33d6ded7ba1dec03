"""The fake Neptune server's operations, and the Swagger documents that tell its client of them."""

from typing import Any

# One line an operation: document, operationId, method, path, its parameters, model of the answer.
OPERATIONS = """
backend getClientConfig GET /api/backend/v1/clients/config header:X-Neptune-Api-Token
 query:alpha Config
backend exchangeApiToken GET /api/backend/v1/authorization/oauth-token
 header:X-Neptune-Api-Token Tokens
backend getProject GET /api/backend/v1/projects/get query:projectIdentifier Project
backend listProjects GET /api/backend/v1/projects query:organizationIdentifier query:searchTerm
 query:sortBy query:sortDirection query:userRelation query:limit Projects
backend listOrganizations GET /api/backend/v1/myOrganizations [Organization]
leaderboard createExperiment POST /api/leaderboard/v1/experiments header:X-Neptune-CliVersion
 body:experimentCreationParams Experiment
leaderboard getExperimentAttributes GET /api/leaderboard/v1/attributes query:experimentId Attributes
leaderboard ping POST /api/leaderboard/v1/attributes/ping query:experimentId Nothing
leaderboard executeOperations POST /api/leaderboard/v1/attributes/operations query:experimentId
 body:operations [Error]
leaderboard fileAtomUpload POST /api/leaderboard/v1/storage/upload Nothing
leaderboard fileAtomMultipartUploadStart POST /api/leaderboard/v1/storage/start Nothing
leaderboard fileAtomMultipartUploadPart POST /api/leaderboard/v1/storage/part Nothing
leaderboard fileAtomMultipartUploadFinish POST /api/leaderboard/v1/storage/finish Nothing
"""
MODELS = {
    "Config": "apiUrl applicationUrl pyLibVersions:Versions artifacts:Artifacts",
    "Versions": "minRecommendedVersion minCompatibleVersion maxCompatibleVersion",
    "Artifacts": "enabled:boolean apiVersion:integer",
    "Tokens": "accessToken refreshToken username",
    "Project": "id name organizationName organizationId projectKey version:integer",
    "Projects": "entries:[Project]",
    "Organization": "id name",
    "Experiment": "id type shortId organizationName projectName projectId trashed:boolean",
    "Attributes": "id attributes:[Attribute]",
    "Attribute": "name type",
    "Error": "errorType errorDescription",
    "Nothing": "",
}


def parse_operations() -> dict[tuple[str, str], dict[str, Any]]:
    """Swagger's description of each operation by (method, path)."""
    operations = {}
    for line in OPERATIONS.strip().replace("\n ", " ").splitlines():
        document, name, method, path, *parameters, answer = line.split()
        operations[method, path] = {
            "document": document,
            "operationId": name,
            "tags": ["api"],
            "parameters": [_parameter(*parameter.split(":")) for parameter in parameters],
            "responses": {"200": {"description": "", "schema": _schema(answer)}},
        }
    return operations


def _parameter(place: str, name: str) -> dict[str, Any]:
    if place == "body":
        return {"in": place, "name": name, "schema": {}}
    return {"in": place, "name": name, "type": "string"}


def _schema(name: str) -> dict[str, Any]:
    if name.startswith("["):
        return {"type": "array", "items": _schema(name[1:-1])}
    return {"$ref": f"#/definitions/{name}"} if name in MODELS else {"type": name}


def swagger(operations: dict[tuple[str, str], dict[str, Any]], document: str) -> dict[str, Any]:
    paths = {}
    for (method, path), operation in operations.items():
        if operation["document"] == document:
            paths.setdefault(path, {})[method.lower()] = operation
    definitions = {
        model: {
            "type": "object",
            "properties": {
                name: _schema(kind or "string")
                for name, _, kind in (item.partition(":") for item in fields.split())
            },
        }
        for model, fields in MODELS.items()
    }
    return {
        "swagger": "2.0",
        "info": {"title": document, "version": "1"},
        "paths": paths,
        "definitions": definitions,
    }
