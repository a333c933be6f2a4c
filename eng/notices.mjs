#!/usr/bin/env node
// Writes THIRD-PARTY-NOTICES.txt: what the published program contains that others made, from the lock file and the packages' own
// descriptions. Needs a restore before it. A test says when the file is stale.
import { readFileSync, writeFileSync, existsSync } from 'node:fs'
import { homedir } from 'node:os'
import { join, dirname } from 'node:path'
import { fileURLToPath } from 'node:url'

const root = join(dirname(fileURLToPath(import.meta.url)), '..')
const packages = process.env.NUGET_PACKAGES ?? join(homedir(), '.nuget', 'packages')
// Of use while it is built, and no part of what is built.
const notShipped = new Set(['Meziantou.Analyzer', 'Microsoft.CodeAnalysis.BannedApiAnalyzers'])

const lock = JSON.parse(readFileSync(join(root, 'src/Paradarum/packages.lock.json'), 'utf8'))
const shipped = new Map()
for (const framework of Object.values(lock.dependencies))
  for (const [name, entry] of Object.entries(framework))
    if (entry.type !== 'Project' && !notShipped.has(name)) shipped.set(name, entry.resolved)

const decode = (text) =>
  text.replaceAll('&lt;', '<').replaceAll('&gt;', '>').replaceAll('&quot;', '"').replaceAll('&apos;', "'")
    .replace(/&#x([0-9a-f]+);/gi, (_, n) => String.fromCodePoint(parseInt(n, 16))).replaceAll('&amp;', '&').trim()
const field = (xml, name) => decode(xml.match(new RegExp(`<${name}(?:\\s[^>]*)?>([\\s\\S]*?)</${name}>`))?.[1] ?? '')

const sections = ['.NET runtime and ASP.NET Core (in the self-contained files)\n  licence: MIT\n  Copyright (c) .NET Foundation and Contributors']
for (const [name, version] of [...shipped].sort(([a], [b]) => (a.toLowerCase() < b.toLowerCase() ? -1 : 1))) {
  const folder = join(packages, name.toLowerCase(), version.toLowerCase())
  const xml = readFileSync(join(folder, `${name.toLowerCase()}.nuspec`), 'utf8')
  const kind = xml.match(/<license\s[^>]*type="(\w+)"/)?.[1]
  const named = field(xml, 'license')
  const lines = [`${name} ${version}`, `  licence: ${kind === 'file' ? 'below' : named || field(xml, 'licenseUrl') || 'unknown'}`]
  for (const more of [field(xml, 'copyright') || field(xml, 'authors'), field(xml, 'projectUrl')]) if (more) lines.push(`  ${more}`)
  if (kind === 'file' && existsSync(join(folder, named)))
    lines.push('', ...readFileSync(join(folder, named), 'utf8').replace(/^\uFEFF/, '').split(/\r?\n/).map((line) => `    ${line}`.trimEnd()))
  sections.push(lines.join('\n').trimEnd())
}

writeFileSync(
  join(root, 'THIRD-PARTY-NOTICES.txt'),
  `Paradarum contains the following. Made by eng/notices; do not edit.\n\n${sections.join('\n\n')}\n`)
