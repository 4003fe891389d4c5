// Package web is everything that speaks HTTP: the public form and status page, the console, the API, webhooks and the policy endpoint.
//
// It turns requests into calls on desk and what desk answers into pages or JSON; it is the only package that knows statuses, cookies
// and markup. It must not know SQL, queues or mail. A page is a typed struct (pages_*.go) filled by a handler and drawn by a
// template of the same name; templates decide nothing.
package web
