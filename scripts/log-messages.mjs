// Reads the log messages of the programs from their syntax trees, with the types of what is passed.
import { dirname, join, relative } from 'node:path';
import { fileURLToPath } from 'node:url';
import ts from 'typescript';

const root = dirname(dirname(fileURLToPath(import.meta.url)));
const packages = ['agent', 'protocol', 'runtime', 'server'];

/**
 * Functions that write a log line, by interface and method: where the message and its fields stand, and the fields that they add. A level
 * of -1 is the method's name.
 */
const writers = {
  'Log.debug': { level: -1, message: 0, fields: 1 },
  'Log.info': { level: -1, message: 0, fields: 1 },
  'Log.warn': { level: -1, message: 0, fields: 1 },
  'Log.error': { level: -1, message: 0, fields: 1 },
  'OutageLog.failed': { level: 0, message: 1, fields: 2, adds: ['leftOut'] },
};
/** Implements a writer: it passes on what its callers pass. */
const passesOn = 'packages/runtime/src/log/outage.ts';
/** The files that declare the writers. */
const declarations = ['packages/runtime/src/log/log.ts', passesOn, 'packages/protocol/src/tls/source.ts'];

/**
 * One entry for each call that writes a log line: `{ file, line, package, levels, messages, fields, hints, faults }`. `hints` are
 * the constant texts of the field `hint`; `faults` says what is wrong with the call.
 */
export function readLogCalls() {
  const program = programOf(packages.map((name) => join(root, 'packages', name, 'tsconfig.json')));
  const checker = program.getTypeChecker();
  return program.getSourceFiles().flatMap((source) => {
    const file = relative(root, source.fileName);
    return /^packages\/[^/]+\/src\//.test(file) && file !== passesOn ? callsIn(source, file, checker) : [];
  });
}

function programOf(configs) {
  const parsed = configs.map((config) =>
    ts.getParsedCommandLineOfConfigFile(
      config,
      { customConditions: ['development'] },
      {
        ...ts.sys,
        onUnRecoverableConfigFileDiagnostic: (diagnostic) => {
          throw new Error(ts.flattenDiagnosticMessageText(diagnostic.messageText, '\n'));
        },
      },
    ),
  );
  const rootNames = parsed.flatMap(({ fileNames }) => fileNames);
  return ts.createProgram({ rootNames, options: { ...parsed[0].options, noEmit: true, composite: false } });
}

function callsIn(source, file, checker) {
  const calls = [];
  const visit = (node) => {
    const writer = ts.isCallExpression(node) ? writerOf(node, checker) : undefined;
    if (writer !== undefined) {
      const line = source.getLineAndCharacterOfPosition(node.getStart(source)).line + 1;
      calls.push({ file, line, package: file.split('/')[1], ...readCall(node, writer, checker) });
    }
    ts.forEachChild(node, visit);
  };
  visit(source);
  return calls;
}

function writerOf(call, checker) {
  const declaration = checker.getResolvedSignature(call)?.declaration;
  if (declaration === undefined || !ts.isMethodSignature(declaration)) return undefined;
  const { fileName } = declaration.getSourceFile();
  if (!declarations.some((file) => fileName.endsWith(file))) return undefined;
  const method = declaration.name.getText();
  const places = writers[`${declaration.parent.name?.getText()}.${method}`];
  return places && { ...places, method };
}

function readCall(call, { level, message, fields, adds = [], method }, checker) {
  const typeOf = (at) => at !== undefined && checker.getTypeAtLocation(at);
  const index = ts.isElementAccessExpression(call.expression)
    ? call.expression.argumentExpression
    : undefined;
  const levels =
    level === -1 && index === undefined ? [method] : textsOf(typeOf(index ?? call.arguments[level]));
  const messages = textsOf(typeOf(call.arguments[message]));
  const properties = propertiesOf(typeOf(call.arguments[fields]), checker);
  const textsIn = (name) => (properties.get(name) ?? []).flatMap((one) => textsOfMember(one, checker));
  const hints = textsIn('hint');
  const advises = ['hint', 'reason', 'warning'].some((name) => properties.has(name));
  const isSerious = levels?.some((one) => one === 'warn' || one === 'error') ?? true;
  const faults = [];
  if (levels === undefined) faults.push('its level is not constant');
  if (messages === undefined) faults.push('its message is not constant');
  for (const one of messages ?? []) faults.push(...faultsOf(one));
  if (isSerious && !advises) faults.push('a warning or an error needs a hint, a reason or a warning');
  if (messages?.length > 1 && hints.length > 1)
    faults.push('several messages need a call each for their hints');
  for (const hint of hints)
    if (!/^[A-Z].*[.]$/s.test(hint)) faults.push(`the hint "${hint}" is not a sentence with a full stop`);
  if (textsIn('error').length > 0) faults.push('its error is a constant text: advice belongs in the hint');
  return { levels, messages, fields: [...properties.keys(), ...adds], hints, faults };
}

/** What is wrong with a message. */
function faultsOf(message) {
  const faults = [];
  if (message.length > 60) faults.push(`"${message}" has ${message.length} characters, more than 60`);
  if (/[.!:]$/.test(message)) faults.push(`"${message}" ends in a mark`);
  if (
    /^[A-Z][a-z]/.test(message) &&
    !/^(Event|Pod|Namespace|ServiceAccount|Node|Secret|ConfigMap)s?\b/.test(message)
  )
    faults.push(`"${message}" begins with a capital letter`);
  return faults;
}

/** The strings of a type that is a literal or a union of literals, without undefined; undefined for every other type. */
function textsOf(type) {
  if (!type) return undefined;
  const parts = (type.isUnion() ? type.types : [type]).filter(
    (part) => !(part.flags & ts.TypeFlags.Undefined),
  );
  return parts.length > 0 && parts.every((part) => part.isStringLiteral())
    ? parts.map(({ value }) => value)
    : undefined;
}

/** The constant texts of an object's member. None if it is not constant. */
function textsOfMember(member, checker) {
  return (member.declarations ?? []).flatMap((declaration) => {
    if (ts.isPropertyAssignment(declaration)) return evaluate(declaration.initializer, checker);
    if (!ts.isShorthandPropertyAssignment(declaration)) return textsOf(checker.getTypeOfSymbol(member)) ?? [];
    const value = checker.getShorthandAssignmentValueSymbol(declaration);
    return value === undefined ? [] : evaluateVariable(value, checker);
  });
}

/** The texts that an expression can have: of literals, sums, conditions and constants. None if one of its parts is not constant. */
function evaluate(node, checker) {
  if (ts.isStringLiteralLike(node)) return [node.text];
  if (ts.isParenthesizedExpression(node) || ts.isAsExpression(node))
    return evaluate(node.expression, checker);
  if (ts.isConditionalExpression(node))
    return [node.whenTrue, node.whenFalse].flatMap((one) => evaluate(one, checker));
  if (ts.isBinaryExpression(node) && node.operatorToken.kind === ts.SyntaxKind.PlusToken)
    return evaluate(node.left, checker).flatMap((left) =>
      evaluate(node.right, checker).map((right) => left + right),
    );
  if (ts.isTemplateExpression(node))
    return node.templateSpans.reduce(
      (texts, { expression, literal }) =>
        texts.flatMap((text) => evaluate(expression, checker).map((part) => text + part + literal.text)),
      [node.head.text],
    );
  const symbol = ts.isIdentifier(node) ? checker.getSymbolAtLocation(node) : undefined;
  return symbol === undefined
    ? (textsOf(checker.getTypeAtLocation(node)) ?? [])
    : evaluateVariable(symbol, checker);
}

function evaluateVariable(symbol, checker) {
  const { flags, valueDeclaration } =
    symbol.flags & ts.SymbolFlags.Alias ? checker.getAliasedSymbol(symbol) : symbol;
  const isConstant =
    flags & ts.SymbolFlags.BlockScopedVariable &&
    valueDeclaration?.initializer !== undefined &&
    ts.getCombinedNodeFlags(valueDeclaration) & ts.NodeFlags.Const;
  if (isConstant) return evaluate(valueDeclaration.initializer, checker);
  return textsOf(checker.getTypeOfSymbol(symbol)) ?? [];
}

/** The members of a type, those of each part of a union, by name. */
function propertiesOf(type, checker) {
  const members = new Map();
  for (const part of type ? (type.isUnion() ? type.types : [type]) : [])
    for (const one of checker.getPropertiesOfType(part))
      members.set(one.name, [...(members.get(one.name) ?? []), one]);
  return members;
}
