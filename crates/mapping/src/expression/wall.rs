//! What an expression may call, read off its tree before anything runs.

use jsonata_core::ast::{AstNode, BinaryOp, PathStep, Stage};

use super::builtins::{JOIN, STRING};
use super::{ExpressionError, patterns};

/// Builtins that are safe to run in this process. Missing on purpose: `$eval` (code from data),
/// `$random`, `$shuffle`, `$now` and `$millis` (the same row must always give the same entity),
/// `$error` and `$assert` (a row is judged by the validator), base64 and URL coding, and the
/// functions that read picture strings except the date ones.
const ALLOWED: &[&str] = &[
    "abs",
    "append",
    "average",
    "boolean",
    "ceil",
    "contains",
    "count",
    "distinct",
    "each",
    "exists",
    "filter",
    "floor",
    "formatBase",
    "formatNumber",
    "fromMillis",
    "join",
    "keys",
    "length",
    "lookup",
    "lowercase",
    "map",
    "match",
    "max",
    "merge",
    "min",
    "not",
    "number",
    "pad",
    "power",
    "reduce",
    "replace",
    "reverse",
    "round",
    "sift",
    "single",
    "sort",
    "split",
    "spread",
    "sqrt",
    "string",
    "substring",
    "substringAfter",
    "substringBefore",
    "sum",
    "toMillis",
    "trim",
    "type",
    "uppercase",
    "zip",
];

/// Longer ones cost more to build than any mapping needs.
const REGEX: usize = 500;

/// Builtins that are not allowed, and those whose stand-in a definition would hide. A name that
/// is defined in one block means the builtin again outside of it.
const NOT_TO_DEFINE: &[&str] = &[
    "assert",
    "base64decode",
    "base64encode",
    "decodeUrl",
    "decodeUrlComponent",
    "encodeUrl",
    "encodeUrlComponent",
    "error",
    "eval",
    "formatInteger",
    "join",
    "millis",
    "now",
    "parseInteger",
    "random",
    "shuffle",
    "string",
];

/// Checks the tree, and turns calls of builtins that have a capped stand-in to it.
pub(super) fn check(tree: &mut AstNode) -> Result<(), ExpressionError> {
    let mut names = Names::default();
    each_node(tree, &mut |node| {
        names.note(node);
        bare_chain(node);
        Ok(())
    })?;
    if let Some(name) = names.own.iter().find(|it| NOT_TO_DEFINE.contains(&it.as_str())) {
        return Err(ExpressionError::ours("W0003", format!("${name} may not be defined anew")));
    }
    each_node(tree, &mut |node| names.admit(node))
}

/// `x ~> $string()` is `x ~> $string`: the argument comes from the chain, not from the context.
fn bare_chain(node: &mut AstNode) {
    let AstNode::Binary { op: BinaryOp::ChainPipe, rhs, .. } = node else { return };
    if let AstNode::Function { name, args, .. } = &**rhs
        && args.is_empty()
    {
        **rhs = AstNode::Variable(name.clone());
    }
}

/// Names that the expression defines itself.
#[derive(Default)]
struct Names {
    own: Vec<String>,
}

impl Names {
    fn note(&mut self, node: &AstNode) {
        if let AstNode::Binary { op: BinaryOp::ColonEqual, lhs, .. } = node
            && let AstNode::Variable(name) = &**lhs
        {
            self.own.push(name.clone());
        }
        if let AstNode::Lambda { params, .. } = node {
            self.own.extend(params.iter().cloned());
        }
        if let AstNode::Path { steps } = node {
            let bound = steps.iter().flat_map(|it| [&it.focus, &it.index_var]);
            self.own.extend(bound.flatten().cloned());
        }
    }

    fn admit(&self, node: &mut AstNode) -> Result<(), ExpressionError> {
        if let AstNode::Function { name, args, .. } = node {
            self.may_call(name)?;
            if let Some(capped) = self.stand_in(name) {
                // Without an argument the builtin reads its context, which a host function does
                // not see.
                if args.is_empty() {
                    args.push(AstNode::Variable(String::new()));
                }
                capped.clone_into(name);
            } else if let [text, AstNode::Regex { .. }] = args.as_slice()
                && !matches!(text, AstNode::Placeholder)
                && let Some(quick) = patterns::stand_in(name).filter(|_| !self.own.contains(name))
            {
                quick.clone_into(name);
            }
        } else if let AstNode::Variable(name) = node
            && !name.is_empty()
            && !self.own.contains(name)
        {
            self.may_call(name)?;
            if let Some(capped) = self.stand_in(name) {
                *node = as_lambda(capped);
            }
        } else if let AstNode::Regex { pattern, .. } = node
            && pattern.len() > REGEX
        {
            let message = format!("a regular expression has at most {REGEX} bytes");
            return Err(ExpressionError::ours("W0003", message));
        }
        Ok(())
    }

    fn may_call(&self, name: &str) -> Result<(), ExpressionError> {
        if ALLOWED.contains(&name) || self.own.iter().any(|it| it == name) {
            return Ok(());
        }
        Err(ExpressionError::ours("W0003", format!("the function ${name} is not allowed")))
    }

    fn stand_in(&self, name: &str) -> Option<&'static str> {
        match name {
            _ if self.own.iter().any(|it| it == name) => None,
            "string" => Some(STRING),
            "join" => Some(JOIN),
            _ => None,
        }
    }
}

/// `$map(x, $string)` hands the function itself over.
fn as_lambda(name: &str) -> AstNode {
    let value = AstNode::Variable("value".to_owned());
    AstNode::Lambda {
        params: vec!["value".to_owned()],
        body: Box::new(AstNode::Function {
            name: name.to_owned(),
            args: vec![value],
            is_builtin: true,
        }),
        signature: None,
        thunk: false,
    }
}

type Visit<'a> = &'a mut dyn FnMut(&mut AstNode) -> Result<(), ExpressionError>;

/// Children first, so that what a visit puts in place of a node is not visited.
fn each_node(node: &mut AstNode, visit: Visit<'_>) -> Result<(), ExpressionError> {
    for child in children(node) {
        each_node(child, &mut *visit)?;
    }
    visit(node)
}

fn children(node: &mut AstNode) -> Vec<&mut AstNode> {
    match node {
        AstNode::String(_)
        | AstNode::Name(_)
        | AstNode::Number(_)
        | AstNode::Boolean(_)
        | AstNode::Null
        | AstNode::Undefined
        | AstNode::Placeholder
        | AstNode::Regex { .. }
        | AstNode::Variable(_)
        | AstNode::ParentVariable(_)
        | AstNode::Wildcard
        | AstNode::Descendant
        | AstNode::Parent(_) => Vec::new(),
        AstNode::Path { steps } => steps.iter_mut().flat_map(of_step).collect(),
        AstNode::Binary { lhs, rhs, .. } => vec![lhs, rhs],
        AstNode::Unary { operand, .. } => vec![operand],
        AstNode::Function { args, .. } => args.iter_mut().collect(),
        AstNode::Call { procedure, args } => {
            std::iter::once(&mut **procedure).chain(args.iter_mut()).collect()
        }
        AstNode::Lambda { body, .. } => vec![body],
        AstNode::Array(items) | AstNode::ArrayGroup(items) | AstNode::Block(items) => {
            items.iter_mut().collect()
        }
        AstNode::Object(pairs) => of_pairs(pairs).collect(),
        AstNode::ObjectTransform { input, pattern } => {
            std::iter::once(&mut **input).chain(of_pairs(pattern)).collect()
        }
        AstNode::Conditional { condition, then_branch, else_branch } => {
            let mut nodes = vec![&mut **condition, &mut **then_branch];
            nodes.extend(else_branch.as_deref_mut());
            nodes
        }
        AstNode::FunctionApplication(inner) => vec![inner],
        AstNode::Sort { input, terms } => {
            std::iter::once(&mut **input).chain(terms.iter_mut().map(|(term, _)| term)).collect()
        }
        AstNode::Transform { location, update, delete } => {
            let mut nodes = vec![&mut **location, &mut **update];
            nodes.extend(delete.as_deref_mut());
            nodes
        }
    }
}

fn of_step(step: &mut PathStep) -> Vec<&mut AstNode> {
    let stages = step.stages.iter_mut().filter_map(|stage| match stage {
        Stage::Filter(filter) => Some(&mut **filter),
        Stage::KeepArray | Stage::Index(_) => None,
    });
    std::iter::once(&mut step.node).chain(stages).collect()
}

fn of_pairs(pairs: &mut [(AstNode, AstNode)]) -> impl Iterator<Item = &mut AstNode> {
    pairs.iter_mut().flat_map(|(key, value)| [key, value])
}
