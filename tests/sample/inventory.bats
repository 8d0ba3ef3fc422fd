# WRAPPER="seep run --fail-on new --baseline seep.baseline --" bats .
@test "inventory" {
    $WRAPPER ./test_inventory
}
