package web

// APIDocsPage draws the description of the API.
type APIDocsPage struct {
	SpecURL string
}

func (APIDocsPage) meta() Meta { return Meta{Template: "api-docs", Title: "API"} }
