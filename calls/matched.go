package calls

import "github.com/abusedesk/abusedesk/cases"

// Records returns the records of the call that fits the report best, the outbound
// leg first where there is one; nil unless the verdict says that we carried it.
func (c Corroboration) Records() []cases.Call {
	h, ok := c.best()
	if !ok {
		return nil
	}
	out := []cases.Call{h.Call}
	if h.in != nil {
		out = append(out, *h.in)
	}
	return out
}

// Candidates returns the records of every call that can be the reported one, those
// that fit better first.
func (c Corroboration) Candidates() []cases.Call {
	var out []cases.Call
	for _, h := range c.hits {
		out = append(out, h.Call)
		if h.in != nil {
			out = append(out, *h.in)
		}
	}
	return out
}
