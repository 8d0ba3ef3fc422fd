// go test -exec "seep run --fail-on new --baseline /path/seep.baseline --"
package inventory

import "testing"

func TestReplaces(t *testing.T) {
	if name := Replaces(); name != "bolt" {
		t.Errorf("the name is %q", name)
	}
}
