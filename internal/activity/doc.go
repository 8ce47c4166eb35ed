// Package activity is the process of NIST IR 8259: its activities with their
// questions, the lifecycle and consistency checks, the records about learned
// models, and where a product stands in all of them.
//
// In: a product model, the answers in prose of answers.yaml, what is known of
// threats and verdicts, the day. Out: the state of every question with its
// gaps, the checks that found something with places in the files, and which
// answers went stale because what they rest on has changed.
//
// Questions and checks are data (data/questions, data/checks): rules of
// internal/record with texts in both languages. Texts are ours; each question
// says on what it rests (read in NIST's text, in a third party's, recalled, or
// ours), and what isn't NIST's is never shown as NIST's.
package activity
