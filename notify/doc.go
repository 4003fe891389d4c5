// Package notify says to the world what the desk has to say: which words, in
// which language, over which wire. It decides neither whether something may be
// said nor how often; that is recorded and bounded before it is called.
package notify
