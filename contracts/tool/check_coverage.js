#!/usr/bin/env node
// SPDX-License-Identifier: Apache-2.0
//
// Read an lcov report and insist that every line, function and branch of src/ was run. Exit 0 when so, else 1.
"use strict";

const fs = require("node:fs");

const KINDS = [["lines", "LF", "LH"], ["functions", "FNF", "FNH"], ["branches", "BRF", "BRH"]];

/** The totals of each source file under src/: {file: {LF: 71, LH: 71, ...}}. */
function totalsOf(report) {
  const files = {};
  for (const record of report.split("end_of_record")) {
    const [, file] = /^SF:(src\/.+)$/m.exec(record) ?? [];
    if (file === undefined) continue;
    files[file] = Object.fromEntries([...record.matchAll(/^(\w+):(\d+)$/gm)].map(([, key, count]) => [key, +count]));
  }
  return files;
}

function main(reportFile) {
  const files = Object.entries(totalsOf(fs.readFileSync(reportFile, "utf8")));
  const measured = files.filter(([, totals]) => totals.LF > 0);
  if (measured.length === 0) {
    process.stderr.write("the report covers no file of src/\n");
    return 1;
  }
  let complete = true;
  for (const [file, totals] of measured) {
    for (const [kind, all, hit] of KINDS) {
      process.stdout.write(`${file}: ${totals[hit]} of ${totals[all]} ${kind}\n`);
      if (totals[hit] !== totals[all]) complete = false;
    }
  }
  if (!complete) process.stderr.write("src/ is not covered completely\n");
  return complete ? 0 : 1;
}

process.exitCode = main(process.argv[2]);
