module faregate.example/decide

go 1.21
