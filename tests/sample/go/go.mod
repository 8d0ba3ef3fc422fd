module sample/inventory

go 1.19
