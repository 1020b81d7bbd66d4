// Answers of Prometheus as Grafana's data source hands them to panels, and what transforms them.

function legendOf(target, labels) {
  const format = target.legendFormat;
  if (format && format !== "__auto") {
    return format.replace(/\{\{\s*(\w+)\s*\}\}/g, (_, label) => labels[label] ?? "");
  }
  const { __name__: name = "", ...rest } = labels;
  const pairs = Object.entries(rest);
  if (!name && pairs.length === 1) return pairs[0][1];
  const inner = pairs.map(([label, value]) => `${label}="${value}"`).join(", ");
  return inner ? `${name}{${inner}}` : name || "Value";
}

const number = (text) => (text === "+Inf" ? Infinity : text === "-Inf" ? -Infinity : +text);

// Series over the one grid of times, null where there is no point.
export function seriesOf(panel, asked) {
  return panel.targets.flatMap((target, place) =>
    asked.answers[place].map(({ metric, values, value }) => {
      const points = new Map((values ?? [value]).map(([at, text]) => [at, number(text)]));
      const times = target.instant ? [value[0]] : asked.times;
      return {
        name: legendOf(target, metric),
        labels: metric,
        times,
        values: times.map((time) => points.get(time) ?? null),
      };
    }),
  );
}

// A table of each answer: fields by name in order, rows as objects.
export function tablesOf(panel, asked) {
  const isOne = panel.targets.length === 1;
  return panel.targets.flatMap((target, place) => {
    const answer = asked.answers[place];
    if (!answer.length) return [];
    const labels = [...new Set(answer.flatMap(({ metric }) => Object.keys(metric)))].sort();
    const valueName = isOne ? "Value" : `Value #${target.refId}`;
    const rows = answer.map(({ metric, value }) => ({
      Time: value[0] * 1000,
      ...metric,
      [valueName]: number(value[1]),
    }));
    return [{ names: ["Time", ...labels, valueName], rows }];
  });
}

function merge(tables) {
  if (tables.length < 2) return tables;
  const names = [...new Set(tables.flatMap((table) => table.names))];
  const keys = names.filter((name) => tables.every((table) => table.names.includes(name)));
  const rows = [];
  for (const row of tables.flatMap((table) => table.rows)) {
    const free = rows.find(
      (one) =>
        keys.every((key) => one[key] === row[key]) &&
        names.every((name) => !(name in one) || !(name in row) || one[name] === row[name]),
    );
    if (free) Object.assign(free, row);
    else rows.push({ ...row });
  }
  return [{ names, rows }];
}

function organize(tables, { excludeByName = {}, indexByName = {}, renameByName = {} }) {
  return tables.map(({ names, rows }) => {
    const kept = names.filter((name) => !excludeByName[name]);
    const place = (name) => indexByName[name] ?? Infinity;
    kept.sort((one, other) => (place(one) === place(other) ? 0 : place(one) - place(other)));
    const title = (name) => renameByName[name] || name;
    return {
      names: kept.map(title),
      rows: rows.map((row) => Object.fromEntries(kept.map((name) => [title(name), row[name]]))),
    };
  });
}

export const TRANSFORMATIONS = { merge, organize };

export function transformed(panel, tables) {
  return (panel.transformations ?? []).reduce(
    (before, { id, options }) => TRANSFORMATIONS[id](before, options),
    tables,
  );
}
