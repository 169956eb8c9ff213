"""The words interview authors use; what ``docassemble.base.*`` resolves to."""
