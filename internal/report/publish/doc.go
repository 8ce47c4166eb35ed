// Package publish makes the documents about a product that leave the house:
// what customers read (a security sheet, a guide to safe set-up, what happens
// to data, how long support lasts …) and what regulators ask for.
//
// In: a product model with the values that rules may ask for (a record.View),
// the words that people wrote in the other language (words.yaml), verdicts of
// a run where there is one, the day. Out: documents in two languages as HTML
// and Markdown, a security.txt after RFC 9116, and a manifest that says for
// every sentence on which values of the model it rests; from it Stale tells
// which documents are out of date.
//
// Documents are data (data/*.yaml, described in docs/publishing.md): sentences
// with places for values, and rules of internal/record that say when a
// sentence holds. Nothing is invented: a value that is missing leaves a visible
// gap, and the document is a draft until it is stated. What the program advises
// by itself is marked as advice and states nothing about the product.
package publish
