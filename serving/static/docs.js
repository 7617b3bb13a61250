/* The endpoints, as /openapi.json describes them. */

const make = (name, content = "", className = "") => {
  const element = document.createElement(name);
  element.textContent = content;
  if (className) element.className = className;
  return element;
};

/** Return the schema that a `$ref` names, or the schema itself. */
const resolved = (api, schema) => {
  const name = schema?.$ref?.split("/").pop();
  return name ? api.components.schemas[name] : (schema ?? {});
};

/** Return the type of a field in a few words. */
function kind(schema) {
  if (schema.$ref) return schema.$ref.split("/").pop();
  if (schema.const !== undefined) return JSON.stringify(schema.const);
  if (schema.enum) return schema.enum.map((value) => JSON.stringify(value)).join(", ");
  const parts = schema.anyOf ?? schema.oneOf;
  if (parts) return [...new Set(parts.map(kind))].join(" or ");
  if (schema.type === "array") return `list of ${kind(schema.items ?? {})}`;
  return schema.type ?? "any";
}

function fields(caption, rows) {
  const table = document.createElement("table");
  table.append(make("caption", caption, "small"));
  const head = table.createTHead().insertRow();
  for (const name of ["field", "type", "about"]) {
    const cell = make("th", name);
    cell.scope = "col";
    head.append(cell);
  }
  const body = table.createTBody();
  for (const { name, schema, required, about } of rows) {
    const row = body.insertRow();
    const first = make("th");
    first.scope = "row";
    first.append(make("code", name));
    row.append(first, make("td", kind(schema)), make("td", [required ? "Required." : "", about].filter(Boolean).join(" ")));
  }
  const box = make("div", "", "scroll");
  box.tabIndex = 0;
  box.setAttribute("role", "group");
  box.setAttribute("aria-label", caption);
  box.append(table);
  return box;
}

const ofBody = (schema) => Object.entries(schema.properties ?? {}).map(([name, value]) => ({
  name,
  schema: value,
  required: (schema.required ?? []).includes(name),
  about: value.description ?? "",
}));

function endpoint(api, path, method, operation) {
  const section = document.createElement("section");
  const title = make("h2");
  title.append(make("span", method.toUpperCase(), "method"), " ", make("code", path));
  section.append(title, make("p", operation.summary ?? ""));
  const told = (operation.description ?? "").trim();
  for (const paragraph of told.split(/\n\s*\n/).filter(Boolean)) section.append(make("p", paragraph));
  const asked = (operation.parameters ?? []).map((part) => ({
    name: part.name,
    schema: part.schema ?? {},
    required: part.required,
    about: part.description ?? `in the ${part.in}`,
  }));
  const sent = resolved(api, operation.requestBody?.content?.["application/json"]?.schema);
  const rows = [...asked, ...ofBody(sent)];
  if (rows.length) section.append(fields("Request", rows));
  for (const [status, response] of Object.entries(operation.responses ?? {})) {
    const given = ofBody(resolved(api, response.content?.["application/json"]?.schema));
    if (status.startsWith("2") && given.length) section.append(fields(`Response ${status}`, given));
  }
  return section;
}

async function start() {
  const response = await fetch("openapi.json");
  if (!response.ok) throw new Error("openapi.json cannot be loaded");
  const api = await response.json();
  document.getElementById("about").textContent = `${api.info.title} ${api.info.version}. ${api.info.description}`;
  const sections = Object.entries(api.paths).flatMap(([path, methods]) =>
    Object.entries(methods).map(([method, operation]) => endpoint(api, path, method, operation)),
  );
  document.getElementById("endpoints").replaceChildren(...sections);
}

start().catch((error) => {
  document.getElementById("endpoints").textContent = "The list could not be loaded. Load the page again.";
  throw error;
});
