//! Which address means what.

use hyper::Method;

use super::respond::ApiError;

/// What is asked for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Route<'a> {
    /// A file of the dashboard; its path without the leading slash, `index.html` for none.
    Asset(&'a str),
    /// `/healthz`
    Health,
    /// `/api/v1/events`
    Events,
    /// `/api/v1/ws`
    Socket,
    /// `/api/v1/ws/{topic}`
    Topic(&'a str),
    /// `/api/v1/patches`
    Patches,
    /// `/api/v1/runs`
    Runs,
    /// `/api/v1/runs/{run}`
    Run(&'a str),
    /// `/api/v1/runs/{run}/graph`
    RunGraph(&'a str),
    /// `/api/v1/runs/{run}/commands`
    RunCommands(&'a str),
    /// `/api/v1/runs/{run}/diff`
    RunDiff(&'a str),
    /// `/api/v1/streams`
    Streams,
    /// `/api/v1/tickets`
    Tickets,
    /// `/api/v1/schema`
    Schemas,
    /// `/api/v1/schema/{name}`
    Schema(&'a str),
    /// `/metrics`
    Metrics,
    /// `/api/v1/runs/{run}/events`
    RunEvents(&'a str),
    /// `/api/v1/runs/{run}/logs`
    RunLogs(&'a str),
    /// `/api/v1/runs/{run}/export`
    RunExport(&'a str),
    /// `/api/state` (SPEC §9)
    State,
    /// `/api/graph` (SPEC §9)
    Graph,
    /// `/api/events` (SPEC §9)
    NewestEvents,
    /// `/api/events/`, another tool's stream of patches
    TaskPatches,
    /// `/api/events/processes/{id}/logs`
    ProcessLogs(&'a str),
    /// `/api/events/task-attempts/{id}/diff`
    AttemptDiff(&'a str),
    /// Nothing, below `/api`.
    Unknown,
}

impl<'a> Route<'a> {
    /// The meaning of a path.
    pub(crate) fn of(path: &'a str) -> Self {
        let Some(api) = path.strip_prefix("/api").filter(|rest| rest.is_empty() || rest.starts_with('/'))
        else {
            return match path {
                "/healthz" => Route::Health,
                "/metrics" => Route::Metrics,
                "/" => Route::Asset("index.html"),
                file => Route::Asset(file.strip_prefix('/').unwrap_or(file)),
            };
        };
        match api {
            "/v1/events" => Route::Events,
            "/v1/ws" => Route::Socket,
            "/v1/patches" => Route::Patches,
            "/v1/runs" => Route::Runs,
            "/v1/streams" => Route::Streams,
            "/v1/tickets" => Route::Tickets,
            "/v1/schema" => Route::Schemas,
            "/state" => Route::State,
            "/graph" => Route::Graph,
            "/events" => Route::NewestEvents,
            "/events/" => Route::TaskPatches,
            _ if api.starts_with("/v1/ws/") => Route::Topic(&api["/v1/ws/".len()..]),
            _ if api.starts_with("/v1/schema/") => Route::Schema(&api["/v1/schema/".len()..]),
            _ if api.starts_with("/events/") => match api["/events/".len()..].split_once('/') {
                Some(("processes", rest)) => within(rest, "/logs").map_or(Route::Unknown, Route::ProcessLogs),
                Some(("task-attempts", rest)) => {
                    within(rest, "/diff").map_or(Route::Unknown, Route::AttemptDiff)
                }
                _ => Route::Unknown,
            },
            _ => match api.strip_prefix("/v1/runs/").map(|rest| rest.split_once('/').unwrap_or((rest, ""))) {
                Some((run, "")) if !run.is_empty() && !api.ends_with('/') => Route::Run(run),
                Some((run, "graph")) if !run.is_empty() => Route::RunGraph(run),
                Some((run, "events")) if !run.is_empty() => Route::RunEvents(run),
                Some((run, "logs")) if !run.is_empty() => Route::RunLogs(run),
                Some((run, "commands")) if !run.is_empty() => Route::RunCommands(run),
                Some((run, "diff")) if !run.is_empty() => Route::RunDiff(run),
                Some((run, "export")) if !run.is_empty() => Route::RunExport(run),
                _ => Route::Unknown,
            },
        }
    }

    /// Whether it is answered without a token. The files hold nothing that is secret.
    pub(crate) fn is_public(self) -> bool {
        matches!(self, Route::Asset(_) | Route::Health)
    }

    /// Whether the answer has no end, so that the connection becomes a reader's.
    pub(crate) fn is_stream(self) -> bool {
        matches!(
            self,
            Route::Events
                | Route::Socket
                | Route::Topic(_)
                | Route::Patches
                | Route::NewestEvents
                | Route::TaskPatches
                | Route::ProcessLogs(_)
                | Route::AttemptDiff(_)
        )
    }

    /// Refuses a method the route does not have.
    pub(crate) fn check_method(self, method: &Method) -> Result<(), ApiError> {
        match self {
            Route::Unknown => Ok(()),
            Route::Tickets | Route::RunCommands(_) if method == Method::POST => Ok(()),
            Route::Tickets | Route::RunCommands(_) => Err(ApiError::method_not_allowed("POST")),
            _ if self.is_stream() && method == Method::GET => Ok(()),
            _ if self.is_stream() => Err(ApiError::method_not_allowed("GET")),
            _ if method == Method::GET || method == Method::HEAD => Ok(()),
            _ => Err(ApiError::method_not_allowed("GET, HEAD")),
        }
    }
}

/// The one name that stands before an ending.
fn within<'a>(path: &'a str, ending: &str) -> Option<&'a str> {
    path.strip_suffix(ending).filter(|name| !name.is_empty() && !name.contains('/'))
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Paths and what they mean.
    const PATHS: &[(&str, Route<'static>)] = &[
        ("/", Route::Asset("index.html")),
        ("/assets/index-1a2b3c4d.js", Route::Asset("assets/index-1a2b3c4d.js")),
        ("/apiary", Route::Asset("apiary")),
        ("/healthz", Route::Health),
        ("/api/v1/events", Route::Events),
        ("/api/v1/ws", Route::Socket),
        ("/api/v1/ws/queue", Route::Topic("queue")),
        ("/api/v1/ws/adw-state/01JH", Route::Topic("adw-state/01JH")),
        ("/api/v1/patches", Route::Patches),
        ("/api/v1/runs", Route::Runs),
        ("/api/v1/runs/", Route::Unknown),
        ("/api/v1/runs/01JH", Route::Run("01JH")),
        ("/api/v1/runs/01JH/", Route::Unknown),
        ("/api/v1/runs/01JH/graph", Route::RunGraph("01JH")),
        ("/api/v1/runs/01JH/graph/", Route::Unknown),
        ("/api/v1/runs//graph", Route::Unknown),
        ("/api/v1/runs/01JH/events", Route::RunEvents("01JH")),
        ("/api/v1/runs/01JH/logs", Route::RunLogs("01JH")),
        ("/api/v1/runs/01JH/export", Route::RunExport("01JH")),
        ("/api/v1/runs/01JH/commands", Route::RunCommands("01JH")),
        ("/api/v1/runs//commands", Route::Unknown),
        ("/api/v1/runs/01JH/diff", Route::RunDiff("01JH")),
        ("/api/v1/runs/01JH/logs/", Route::Unknown),
        ("/api/v1/streams", Route::Streams),
        ("/api/v1/tickets", Route::Tickets),
        ("/api/v1/schema", Route::Schemas),
        ("/api/v1/schema/read/event.schema.json", Route::Schema("read/event.schema.json")),
        ("/metrics", Route::Metrics),
        ("/api/state", Route::State),
        ("/api/graph", Route::Graph),
        ("/api/events", Route::NewestEvents),
        ("/api/events/", Route::TaskPatches),
        ("/api/events/processes/r~u~1/logs", Route::ProcessLogs("r~u~1")),
        ("/api/events/task-attempts/r~u~1/diff", Route::AttemptDiff("r~u~1")),
        ("/api/events/processes/r~u~1/diff", Route::Unknown),
        ("/api/events/processes//logs", Route::Unknown),
        ("/api/events/processes/a/b/logs", Route::Unknown),
        ("/api/events/processes/", Route::Unknown),
        ("/api", Route::Unknown),
        ("/api/", Route::Unknown),
        ("*", Route::Asset("*")),
        ("", Route::Asset("")),
    ];

    #[test]
    fn every_path_has_one_meaning() {
        for (path, route) in PATHS {
            assert_eq!(Route::of(path), *route, "{path}");
        }
    }

    /// The variant alone.
    fn name(route: Route<'_>) -> String {
        format!("{route:?}").split('(').next().unwrap_or_default().to_owned()
    }

    /// The document that programs are made from is written by hand: here it is held to what there is.
    #[test]
    fn what_is_documented_is_there_and_what_is_there_is_documented() {
        let file = std::fs::read(concat!(env!("CARGO_MANIFEST_DIR"), "/../schema/openapi.json")).unwrap();
        let document: serde_json::Value = serde_json::from_slice(&file).unwrap();
        let paths = document["paths"].as_object().unwrap();
        let mut documented = std::collections::HashSet::new();
        for (path, operations) in paths {
            let example = path.replace("{run}", "01JH").replace("{name}", "read/event.schema.json");
            let example = example.replace("{id}", "r~u~1").replace("{topic}", "queue");
            let route = Route::of(&example);
            assert!(!matches!(route, Route::Unknown | Route::Asset(_)), "{path}");
            for method in operations.as_object().unwrap().keys() {
                let method: Method = method.to_uppercase().parse().unwrap();
                assert!(route.check_method(&method).is_ok(), "{method} {path}");
            }
            documented.insert(name(route));
        }
        for (path, route) in PATHS {
            let is_api = !matches!(route, Route::Unknown | Route::Asset(_));
            assert!(!is_api || documented.contains(&name(*route)), "{path}");
        }
    }

    #[test]
    fn nothing_but_files_and_health_is_public() {
        assert!(Route::of("/").is_public() && Route::of("/healthz").is_public());
        for path in
            ["/metrics", "/api", "/api/", "/api/state", "/api/v1/events", "/api/v1/runs/x", "/api/nothing"]
        {
            assert!(!Route::of(path).is_public(), "{path}");
        }
    }

    #[test]
    fn reading_is_nearly_all_one_can_do() {
        assert!(Route::Tickets.check_method(&Method::POST).is_ok());
        assert!(Route::Tickets.check_method(&Method::GET).is_err());
        assert!(Route::Runs.check_method(&Method::HEAD).is_ok());
        assert!(Route::Events.check_method(&Method::HEAD).is_err());
        for method in [Method::POST, Method::PUT, Method::DELETE, Method::OPTIONS] {
            assert!(Route::Runs.check_method(&method).is_err());
            assert!(Route::Asset("index.html").check_method(&method).is_err());
        }
    }
}
